import type { SeededRandom } from "../../../lib/common/seeded-random.js";
import type { DeviceClient } from "../device-client.js";
import { paced } from "../pace.js";
import { type Attack, type AttackContext, labelOf, pick, stopAll } from "./context.js";

const HUGE_BYTES = 60_000;
/** More than the embedded broker passes on. */
const TOO_LARGE_BYTES = 70_000;
const DEPTH = 5000;

function garbage(length: number, random: SeededRandom): Buffer {
  return Buffer.from(Uint8Array.from({ length }, () => random.integer(256)));
}

/** Texts that no reading looks like; each is hard on a careless reader in its own way. */
const HOSTILE_TEXTS: readonly string[] = [
  `${"[".repeat(DEPTH)}${"]".repeat(DEPTH)}`,
  '{"__proto__":{"isAdmin":true},"temperature":25,"humidity":50}',
  '{"temperature":1e400,"humidity":50}',
  '{"temperature":"hot","humidity":50}',
  '{"temperature":25,"humidity":50',
  "[25,50]",
  "null",
  '{"device_id":{"$gt":""},"temperature":25,"humidity":50}',
];
const INVALID_UTF8 = Buffer.concat([
  Buffer.from('{"device_id":"'),
  Buffer.from([0xc3, 0x28, 0xff]),
  Buffer.from('","temperature":25}'),
]);

type Make = (context: AttackContext) => Buffer;

const UNSEALED: readonly Make[] = [
  ({ random }) => garbage(1 + random.integer(400), random),
  ({ random }) => garbage(HUGE_BYTES, random),
  ({ captures, random }) => {
    const captured = captures.pick(random, Date.now(), 0)?.bytes ?? garbage(64, random);
    return captured.subarray(0, random.integer(captured.length));
  },
  ({ random }) => Buffer.from(pick(HOSTILE_TEXTS, random)),
  () => INVALID_UTF8,
];

/** Sealed by a device that the attacker holds: authentic, and still no reading. */
function sendSealed(context: AttackContext, device: DeviceClient): void {
  const { random } = context;
  const text = random.uniform() < 0.2 ? INVALID_UTF8 : Buffer.from(pick(HOSTILE_TEXTS, random));
  device.publisher.send(device.topic, device.sealer.seal(text, device.topic, Date.now()), labelOf(context, null));
}

/** What is no reading, on honest devices' topics and sealed by a held device; one packet that is too large at all. */
export const malformed: Attack = (context) => {
  const { held, fleet, random, settings, leaked, expendable } = context;
  for (const device of held) device.stop();
  expendable.leaked.send(pick(fleet, random).topic, garbage(TOO_LARGE_BYTES, random), labelOf(context, null));
  const pace = { rateHz: settings.rateHz, jitter: 0.3 };
  const unsealed = paced(pace, random, () => {
    leaked.send(pick(fleet, random).topic, pick(UNSEALED, random)(context), labelOf(context, null));
  });
  const sealed = held.map((device) => paced({ ...pace, rateHz: 1 }, random, () => sendSealed(context, device)));
  return stopAll([unsealed, ...sealed]);
};
