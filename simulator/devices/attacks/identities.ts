import { topicOf } from "../../../lib/registry/topics.js";
import type { DeviceCrypto } from "../device-crypto.js";
import type { GatewayAttack } from "./context.js";
import { inTurn } from "./context.js";
import { inventedReading, renumbered, sealedWithAnotherKey, wronglySigned } from "./forgeries.js";

/** Some gateways take everything that begins like a registered name for that device, with a counter of its own. */
export const SUFFIX = "_x1";

/** Names with a suffix: recordings, plain and sealed messages, and a held device that adds it to its own name. */
export const idSuffix: GatewayAttack = async (context) => {
  const { attacker, recorder, victims, held, random } = context;
  await inTurn(context, Math.floor(context.messages / 4), victims, async (victim, round) => {
    const id = `${victim.id}${SUFFIX}`;
    const topic = topicOf(id);
    const recorded = recorder.of(victim.topic);
    const bytes = recorded[round % Math.max(1, recorded.length)]?.bytes;
    if (bytes) await attacker.send(topic, bytes);
    await attacker.send(topic, JSON.stringify(inventedReading(id, round + 1, random)));
    await attacker.send(topic, sealedWithAnotherKey({ ...victim, id, topic }, round + 1, random));
    const mole = held[round % held.length];
    if (!mole) return;
    const own = mole.device;
    const reading = inventedReading(round % 2 === 0 ? `${own.id}${SUFFIX}` : id, mole.next(), random);
    // Sealed with a valid key: only the name is not its own.
    const sequence = reading.sequence_no as number;
    await attacker.send(own.topic, mole.crypto.seal(reading, own.topic, sequence, Date.now()));
  });
  return {};
};

export const FORGED_COUNTER = 1_000_000_000;

/**
 * Numbers far ahead, which would lock a device out of a window that moves before the message is proved: recorded
 * messages with another number, sealed with another key, signed wrongly, and in clear.
 */
export const forgedCounter: GatewayAttack = async (context) => {
  const { attacker, recorder, victims, random } = context;
  await inTurn(context, Math.floor(context.messages / 4), victims, async (victim, round) => {
    const counter = FORGED_COUNTER + round;
    const recorded = recorder.of(victim.topic);
    const bytes = recorded[round % Math.max(1, recorded.length)]?.bytes;
    if (bytes) await attacker.send(victim.topic, renumbered(victim, bytes, counter));
    // Once more with number 1, where a recording would begin again.
    if (bytes && round === 0) await attacker.send(victim.topic, renumbered(victim, bytes, 1));
    await attacker.send(victim.topic, sealedWithAnotherKey(victim, counter, random));
    const reading = inventedReading(victim.id, counter, random);
    await attacker.send(victim.topic, wronglySigned(reading));
    await attacker.send(victim.topic, JSON.stringify(reading));
  });
  return {};
};

/** Bad messages that name one device, so that it is punished for them. */
export const framing: GatewayAttack = async (context) => {
  const { attacker, recorder, victims, held, random } = context;
  const victim = victims[0];
  if (!victim) return { note: "there is no device to frame" };
  const recorded = recorder.of(victim.topic);
  const kinds: (() => Promise<void>)[] = [
    () => attacker.send(victim.topic, JSON.stringify(inventedReading(victim.id, 1 + random.integer(1e6), random))),
    () => attacker.send(victim.topic, sealedWithAnotherKey(victim, 1 + random.integer(1e6), random)),
    () => attacker.send(victim.topic, wronglySigned(inventedReading(victim.id, 1 + random.integer(1e6), random))),
    () => attacker.send(victim.topic, Buffer.from([random.integer(256), random.integer(256)])),
    () => attacker.send(victim.topic, `{"device_id":"${victim.id}","__proto__":{"event":"SECURITY_ALERT"}}`),
    async () => {
      const recording = recorded[random.integer(Math.max(1, recorded.length))];
      if (recording) await attacker.send(victim.topic, recording.bytes);
    },
    async () => {
      const mole = held[random.integer(held.length)];
      if (!mole) return;
      const { device, crypto } = mole;
      const reading = inventedReading(victim.id, mole.next(), random);
      await attacker.send(device.topic, crypto.seal(reading, device.topic, reading.sequence_no as number, Date.now()));
    },
    async () => {
      const mole = held[random.integer(held.length)];
      if (!mole) return;
      // The held device's key under the victim's name: its own key proves nothing about another device.
      const crypto = mole.crypto as DeviceCrypto;
      const sequence = 1 + random.integer(1e6);
      const reading = inventedReading(victim.id, sequence, random);
      await attacker.send(victim.topic, crypto.seal(reading, victim.topic, sequence, Date.now()));
    },
  ];
  await inTurn(context, context.messages, kinds, (kind) => kind());
  return {};
};
