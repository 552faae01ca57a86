import { SeededRandom } from "../../lib/common/seeded-random.js";
import { fernet } from "../../lib/envelope/fernet.js";
import type { KeyRing } from "../../lib/envelope/key-ring.js";

export interface HostileMessage {
  kind: string;
  payload: Buffer;
}

/** Plaintexts that a sender with the right key could still send to do harm; none of them is a reading. */
const HOSTILE_PLAINTEXTS = [
  "",
  "null",
  "[]",
  "25.0",
  '"text"',
  "{",
  "{}",
  '{"timestamp":"2025-07-01T12:00:00Z"}',
  '{"timestamp":"NOW","temperature_C":null}',
  '{"timestamp":"NOW","temperature_C":NaN}',
  '{"timestamp":"NOW","temperature_C":1e400}',
  '{"timestamp":"NOW","temperature_C":"25"}',
  '{"timestamp":"NOW","temperature_C":[25]}',
  '{"timestamp":"NOW","temperature_C":{"valueOf":25}}',
  '{"timestamp":null,"temperature_C":25}',
  '{"timestamp":"yesterday","temperature_C":25}',
  '{"temperature_C":25}',
  '{"__proto__":{"isAnomaly":true},"timestamp":"NOW","temperature_C":25}',
  '{"timestamp":"NOW","temperature_C":25,"constructor":{"prototype":{"x":1}}}',
  '{"device_id":"<img src=x onerror=alert(1)>","timestamp":"NOW","temperature_C":25}',
  '{"device_id":"__proto__","timestamp":"NOW","temperature_C":25}',
  '{"device_id":["rack-1"],"timestamp":"NOW","temperature_C":25}',
  `{"timestamp":"NOW","temperature_C":25,"x":${"[".repeat(100)}${"]".repeat(100)}}`,
  `{"timestamp":"NOW","temperature_C":25,"x":${'{"a":'.repeat(50)}1${"}".repeat(50)}}`,
  '{"timestamp":"NOW","temperature_C":25} trailing',
  "\u0000\u0001\u0002",
];

function mutate(random: SeededRandom, token: Buffer): Buffer {
  const copy = Buffer.from(token);
  const at = random.integer(copy.length);
  switch (random.integer(4)) {
    case 0:
      copy[at] = (copy[at] as number) ^ (1 << random.integer(8));
      return copy;
    case 1:
      return Buffer.concat([copy.subarray(0, at), Buffer.from([random.integer(256)]), copy.subarray(at)]);
    case 2:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at + 1)]);
    default:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(random.integer(copy.length))]);
  }
}

/** Messages for the raw topic, every one of which must be refused. Seeded, so that a finding can be repeated. */
export class HostileMessages {
  private readonly random: SeededRandom;
  private readonly raw;
  private readonly masked;
  private readonly stranger = fernet.create([Buffer.alloc(32, 0x5a)]);
  /** A genuine message that was accepted once. */
  readonly replayed: Buffer;

  constructor(raw: KeyRing, masked: KeyRing, seed: number) {
    this.random = new SeededRandom(seed);
    this.raw = fernet.create(raw.all);
    this.masked = fernet.create(masked.all);
    this.replayed = this.genuine();
  }

  /** A reading as a sensor sends it. */
  genuine(): Buffer {
    const now = Date.now();
    const reading = { timestamp: new Date(now).toISOString(), temperature_C: 25, device_id: "rack-1" };
    return Buffer.from(this.raw.seal(Buffer.from(JSON.stringify(reading)), { now }));
  }

  next(index: number): HostileMessage {
    const now = Date.now();
    const plaintext = Buffer.from(JSON.stringify({ timestamp: new Date(now).toISOString(), temperature_C: 25 }));
    switch (index % 7) {
      case 0:
        return { kind: "mutated", payload: this.changed(this.genuine()) };
      case 1: {
        const token = this.genuine();
        return { kind: "truncated", payload: token.subarray(0, this.random.integer(token.length)) };
      }
      case 2:
        return { kind: "replayed", payload: this.replayed };
      case 3:
        return { kind: "meant for the masked topic", payload: Buffer.from(this.masked.seal(plaintext, { now })) };
      case 4:
        return { kind: "foreign key", payload: Buffer.from(this.stranger.seal(plaintext, { now })) };
      case 5:
        return { kind: "expired", payload: Buffer.from(this.raw.seal(plaintext, { now: now - 3_600_000 })) };
      default: {
        const text = HOSTILE_PLAINTEXTS[this.random.integer(HOSTILE_PLAINTEXTS.length)] as string;
        const hostile = Buffer.from(text.replace("NOW", new Date(now).toISOString()));
        return { kind: "hostile JSON", payload: Buffer.from(this.raw.seal(hostile, { now })) };
      }
    }
  }

  /** Mutations that happen to change nothing are drawn again. */
  private changed(token: Buffer): Buffer {
    for (;;) {
      const mutated = mutate(this.random, token);
      if (!mutated.equals(token)) return mutated;
    }
  }
}
