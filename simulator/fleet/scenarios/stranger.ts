import { randomBytes } from "node:crypto";
import { REPORTED_RATE } from "../attack-settings.js";
import type { Climate } from "../climate.js";
import type { DevicePayload } from "../device.js";
import type { DeviceClient } from "../device-client.js";
import { paced } from "../pace.js";
import { Sealer } from "../sealer.js";
import { type Attack, type AttackContext, forgedClimate, labelOf, pick, stopAll } from "./context.js";

const KEY_BYTES = 32;
const ORDINARY: Climate = { temperature: 25, humidity: 50 };
const COUNTER_START = 1_000_000;
const COUNTER_SPAN = 1_000_000;

interface Forged {
  payload: DevicePayload;
  reported: { temperature: number; humidity: number; rate: number };
}

/** Ordinary values under a name that is not the sender's. */
function forge(context: AttackContext, name: string, now: number): Forged {
  const climate = forgedClimate(context, ORDINARY);
  return {
    payload: {
      device_id: name,
      timestamp: new Date(now).toISOString(),
      sequence_no: COUNTER_START + context.random.integer(COUNTER_SPAN),
      ...climate,
      message_rate: REPORTED_RATE,
    },
    reported: { temperature: climate.temperature, humidity: climate.humidity, rate: REPORTED_RATE },
  };
}

const STRANGERS = ["esp32-cam", "smart-plug", "sensor-temp", "raspberry", "tmp36-node", "unknown"];
const SITES = ["iot/temperature", "iot/building-a/floor-1", "iot/humidity", "iot/gateway"];
/** Share of the strangers that come back under the name they had before. */
const RETURNING = 0.5;

/** Ordinary readings of devices that nobody has registered, sealed with a key of their own or plain like the seed's. */
export const unknownDevice: Attack = (context) => {
  const { random, leaked, settings } = context;
  const sealer = new Sealer("aes-gcm-json", randomBytes(KEY_BYTES));
  let name = "";
  const act = () => {
    if (name === "" || random.uniform() > RETURNING) {
      name = `${pick(STRANGERS, random)}-${random.uint32().toString(16).padStart(8, "0")}`;
    }
    const now = Date.now();
    const { payload, reported } = forge(context, name, now);
    if (random.uniform() < 0.5) {
      const topic = `iot/devices/${name}/data`;
      leaked.send(topic, sealer.sealJson(payload, topic, now), labelOf(context, reported));
      return;
    }
    const { temperature: temp, humidity, message_rate } = payload;
    const topic = pick(SITES, random);
    const plain = { client_id: name, topic, temp, humidity, message_rate, timestamp: Math.floor(now / 1000) };
    leaked.send(topic, Buffer.from(JSON.stringify(plain)), labelOf(context, reported));
  };
  return stopAll(
    Array.from({ length: settings.attackers }, () => paced({ rateHz: settings.rateHz, jitter: 0.5 }, random, act)),
  );
};

/** On a victim's topic, in its name, but without its key. */
function forgeFor(context: AttackContext, victim: DeviceClient, sealer: Sealer | undefined): void {
  const now = Date.now();
  const { payload, reported } = forge(context, victim.id, now);
  const bytes = sealer ? sealer.sealJson(payload, victim.topic, now) : Buffer.from(JSON.stringify(payload));
  context.leaked.send(victim.topic, bytes, labelOf(context, reported));
}

/** Times per window that a held device tries a victim's topic, which the broker's rules forbid. */
const FORBIDDEN_TRIES = 2;

/**
 * Somebody else's name: held devices that claim it inside authentic messages of their own, the leaked login on the
 * victim's topic without the victim's key, and held devices on the victim's topic, which a broker should refuse.
 */
export const spoofedId: Attack = (context) => {
  const { held, fleet, random, settings, expendable } = context;
  for (const device of held) device.stop();
  const pace = { rateHz: settings.rateHz, jitter: 0.3 };
  const claims = held.map((device) =>
    paced(pace, random, () => {
      const now = Date.now();
      const { payload, reported } = forge(context, pick(fleet, random).id, now);
      device.publisher.send(
        device.topic,
        device.sealer.sealJson(payload, device.topic, now),
        labelOf(context, reported),
      );
    }),
  );
  const strangerKey = new Sealer("aes-gcm-json", randomBytes(KEY_BYTES));
  const intrusions = paced(pace, random, () => {
    const sealer = random.uniform() < 0.5 ? strangerKey : held[0]?.sealer;
    forgeFor(context, pick(fleet, random), sealer);
  });
  for (let i = 0; i < FORBIDDEN_TRIES; i++) {
    const from = random.integer(held.length);
    const victim = pick(fleet, random);
    const now = Date.now();
    const { payload, reported } = forge(context, victim.id, now);
    const bytes = held[from]?.sealer.sealJson(payload, victim.topic, now);
    if (bytes) expendable.held[from]?.send(victim.topic, bytes, labelOf(context, reported));
  }
  return stopAll([...claims, intrusions]);
};

/** A single forged message now and then, below every limit of rates, each time on another victim's topic. */
export const slowForgery: Attack = (context) => {
  const { fleet, random, settings, captures, leaked } = context;
  const act = () => {
    const kind = random.integer(3);
    const capture = kind === 0 ? captures.pick(random, Date.now(), 0) : undefined;
    if (!capture) {
      forgeFor(
        context,
        pick(fleet, random),
        kind === 1 ? undefined : new Sealer("aes-gcm-json", randomBytes(KEY_BYTES)),
      );
      return;
    }
    const altered = Buffer.from(capture.bytes);
    const at = random.integer(altered.length);
    altered[at] = (altered[at] as number) ^ (1 << random.integer(7));
    leaked.send(capture.topic, altered, labelOf(context, capture.reported));
  };
  return stopAll(
    Array.from({ length: settings.attackers }, () => paced({ rateHz: settings.rateHz, jitter: 0.25 }, random, act)),
  );
};

const REPLAY_AGE_MS = 2000;

/** Recorded messages of honest devices once more, unchanged: on their own topic, and on another device's. */
export const replay: Attack = (context) => {
  const { fleet, random, settings, captures, leaked } = context;
  const act = () => {
    const capture = captures.pick(random, Date.now(), REPLAY_AGE_MS);
    if (!capture) return;
    const topic = random.uniform() < 0.5 ? capture.topic : pick(fleet, random).topic;
    leaked.send(topic, capture.bytes, labelOf(context, capture.reported));
  };
  return stopAll(
    Array.from({ length: settings.attackers }, () => paced({ rateHz: settings.rateHz, jitter: 0.3 }, random, act)),
  );
};
