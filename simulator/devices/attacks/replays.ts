import type { GatewayAttack } from "./context.js";

const DUPLICATION_MS = 5000;

/**
 * Plays every recording from its first number on, then the first number alone again and again (some gateways start to
 * count anew with it), and recordings on other devices' topics.
 */
export const replayFromFirst: GatewayAttack = async (context) => {
  const { attacker, recorder, victims } = context;
  const recordings = recorder.all();
  if (recordings.length === 0) return { note: "nothing was recorded" };
  const inOrder = Math.floor(context.messages * 0.8);
  for (let i = 0; i < inOrder && !attacker.isStopped; i++) {
    const { topic, bytes } = recordings[i % recordings.length] as (typeof recordings)[number];
    await attacker.send(topic, bytes);
  }
  const firsts = victims.flatMap(({ topic }) => recorder.of(topic).slice(0, 1));
  for (let i = inOrder; i < context.messages && !attacker.isStopped; i++) {
    const { topic, bytes } = firsts[i % firsts.length] as (typeof firsts)[number];
    const other = (victims[i % victims.length] as (typeof victims)[number]).topic;
    await attacker.send(i % 2 === 0 ? topic : other, bytes);
  }
  return {};
};

/** Sends every message that is heard twice more, at once: copies overtake what comes next, and fall into the window. */
export const duplicateAtOnce: GatewayAttack = async ({ attacker, recorder, messages }) => {
  const heard: { topic: string; bytes: Buffer }[] = [];
  const copied = new Set<string>();
  recorder.onHeard = ({ topic, bytes }) => {
    const name = bytes.toString("latin1");
    // Its own copies come back to it.
    if (copied.has(name)) return;
    copied.add(name);
    heard.push({ topic, bytes });
  };
  const end = Date.now() + DUPLICATION_MS;
  let sent = 0;
  while (Date.now() < end && sent < messages && !attacker.isStopped) {
    const next = heard.shift();
    if (!next) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      continue;
    }
    for (let copy = 0; copy < 2; copy++, sent++) await attacker.send(next.topic, next.bytes);
  }
  recorder.onHeard = undefined;
  return {};
};
