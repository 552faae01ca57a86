import { createHmac } from "node:crypto";
import { deriveKey, NO_EPOCH, SALT_BYTES } from "./keys.js";

export interface DisclosureSettings {
  /** Smaller counts are not told. 0 or 1 for no such limit. */
  minCount: number;
  /** Of the noise on each count; 0 for none. */
  epsilon: number;
}

/** A count as it may be shown. */
export interface ShownCount {
  /** null where it is too small to be told. */
  count: number | null;
  /** The count, or `fewer than 5`. */
  text: string;
}

/** A number in (0, 1] from 8 bytes. */
function unit(bytes: Buffer, at: number): number {
  return (Number(bytes.readBigUInt64BE(at) >> 11n) + 1) / 2 ** 53;
}

/**
 * What everybody may see of counts. The noise is discrete Laplace noise (the geometric mechanism of Ghosh, Roughgarden
 * and Sundararajan, STOC 2009): one device more or less changes a count by one, so a count is epsilon-differentially
 * private. It is a keyed function of what was asked, so that asking again does not average it away; different questions
 * about the same people do add up.
 */
export class Disclosure {
  private readonly key: Buffer;
  private readonly minCount: number;
  private readonly epsilon: number;

  /** @param master the key that writes, 32 bytes. */
  constructor({ minCount, epsilon }: DisclosureSettings, master: Uint8Array) {
    this.minCount = minCount;
    this.epsilon = epsilon;
    this.key = deriveKey(master, Buffer.alloc(SALT_BYTES), "noise", NO_EPOCH);
  }

  get isNoisy(): boolean {
    return this.epsilon > 0;
  }

  /** Smallest count that is told. */
  get least(): number {
    return this.minCount;
  }

  /** @param about what was asked: the same words get the same noise. */
  show(count: number, about: string): ShownCount {
    const told = Math.max(0, count + this.noise(about));
    // The noisy number decides, not the true one, which would show through.
    if (told < this.minCount) return { count: null, text: `fewer than ${this.minCount}` };
    return { count: told, text: String(told) };
  }

  /** The difference of two geometric numbers with the ratio e^-epsilon. */
  private noise(about: string): number {
    if (!this.isNoisy) return 0;
    const bytes = createHmac("sha256", this.key).update(about).digest();
    const geometric = (at: number) => Math.floor(-Math.log(unit(bytes, at)) / this.epsilon);
    return geometric(0) - geometric(8);
  }
}

/** Stands for a MAC address in the ledger: whoever has the key finds it again, nobody else learns it. 32 hex digits. */
export function deviceMark(master: Uint8Array, mac: Uint8Array): string {
  const key = deriveKey(master, Buffer.alloc(SALT_BYTES), "audit", NO_EPOCH);
  return createHmac("sha256", key).update(mac).digest().toString("hex", 0, 16);
}
