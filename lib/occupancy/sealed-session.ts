import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { StoreFailure } from "./failure.js";
import { OPEN_DURATION } from "./record.js";
import { formatMac, type Session } from "./session.js";

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 19;
const STEP_BYTES = 32;

/** Seals a checked session and a time of the caller's for the journal on the proxy's disk; padded to steps of 32 bytes. */
export function sealSession(key: Uint8Array, { mac, ap, start, duration }: Session, time = 0): Buffer {
  const name = Buffer.from(ap);
  const plain = Buffer.alloc(Math.ceil((HEAD_BYTES + name.length) / STEP_BYTES) * STEP_BYTES);
  plain.write(mac.replaceAll(":", ""), 0, 6, "hex");
  plain.writeUInt32BE(start, 6);
  plain.writeUInt32BE(duration === "open" ? OPEN_DURATION : duration, 10);
  plain.writeUInt32BE(time, 14);
  plain[18] = name.length;
  name.copy(plain, HEAD_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const sealed = cipher.update(plain);
  cipher.final();
  return Buffer.concat([nonce, sealed, cipher.getAuthTag()]);
}

/** @throws {StoreFailure} WRONG_KEY for a value of another key, or one that was changed. */
export function unsealSession(key: Uint8Array, value: Buffer): { session: Session; time: number } {
  try {
    const cipher = createDecipheriv("aes-256-gcm", key, value.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    cipher.setAuthTag(value.subarray(-TAG_BYTES));
    const plain = cipher.update(value.subarray(NONCE_BYTES, -TAG_BYTES));
    cipher.final();
    const duration = plain.readUInt32BE(10);
    return {
      session: {
        mac: formatMac(plain.subarray(0, 6)),
        ap: plain.toString("utf8", HEAD_BYTES, HEAD_BYTES + (plain[18] as number)),
        start: plain.readUInt32BE(6),
        duration: duration === OPEN_DURATION ? "open" : duration,
      },
      time: plain.readUInt32BE(14),
    };
  } catch (error) {
    throw new StoreFailure("WRONG_KEY", "the journal was written with another key, or was changed", undefined, {
      cause: error,
    });
  }
}
