import { randomFillSync } from "node:crypto";

const pool = Buffer.allocUnsafeSlow(16_384);
let position = pool.length;

/**
 * Fills `target[offset .. offset + length)` from the operating system's CSPRNG.
 * Drawn in blocks: one call per message costs more than encrypting it. No byte is used twice.
 */
export function fillRandom(target: Buffer, offset: number, length: number): void {
  if (position + length > pool.length) {
    randomFillSync(pool);
    position = 0;
  }
  pool.copy(target, offset, position, position + length);
  pool.fill(0, position, position + length);
  position += length;
}
