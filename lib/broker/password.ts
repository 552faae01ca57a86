import { randomBytes, type ScryptOptions, scrypt, scryptSync, timingSafeEqual } from "node:crypto";

// 4 MiB and about 10 ms per check. Low for passwords that people choose (OWASP asks for 128 MiB), but each check
// is started by somebody who has not logged in yet, and the broker must not grow by that. The passwords that we
// generate carry 192 random bits and need no stretching; `addUser` asks for 16 characters of any other.
const COST: ScryptOptions = { N: 4096, r: 8, p: 1 };
const HASH_BYTES = 32;
const SALT_BYTES = 16;
const MAX_PASSWORD_BYTES = 512;
export const MIN_PASSWORD_LENGTH = 16;

export interface PasswordHash {
  /** base64url, 16 bytes. */
  salt: string;
  /** base64url, 32 bytes: scrypt (RFC 7914) with N 4096, r 8, p 1. */
  hash: string;
}

/** A new random password: 24 bytes as base64url, 32 characters. */
export function generatePassword(): string {
  return randomBytes(24).toString("base64url");
}

/** @throws {Error} for a password shorter than 16 characters or longer than 512 bytes. */
export function hashPassword(password: string): PasswordHash {
  if (password.length < MIN_PASSWORD_LENGTH || Buffer.byteLength(password) > MAX_PASSWORD_BYTES) {
    throw new Error(`a broker password has ${MIN_PASSWORD_LENGTH} to ${MAX_PASSWORD_BYTES} characters`);
  }
  const salt = randomBytes(SALT_BYTES);
  return {
    salt: salt.toString("base64url"),
    hash: scryptSync(password, salt, HASH_BYTES, COST).toString("base64url"),
  };
}

/** Whether a value read from a file is a salt and hash as {@link hashPassword} makes them. */
export function isPasswordHash(value: { salt?: unknown; hash?: unknown }): value is PasswordHash {
  return isBase64Url(value.salt, SALT_BYTES) && isBase64Url(value.hash, HASH_BYTES);
}

function isBase64Url(value: unknown, bytes: number): boolean {
  if (typeof value !== "string") return false;
  const decoded = Buffer.from(value, "base64url");
  return decoded.length === bytes && decoded.toString("base64url") === value;
}

/** Hash that no password has, so that checking an unknown user costs the same as checking a known one. */
export function unmatchableHash(): PasswordHash {
  return { salt: randomBytes(SALT_BYTES).toString("base64url"), hash: randomBytes(HASH_BYTES).toString("base64url") };
}

/** Compares in constant time; runs scrypt on the thread pool. */
export function checkPassword(password: Uint8Array, expected: PasswordHash): Promise<boolean> {
  const candidate = password.length > MAX_PASSWORD_BYTES ? Buffer.alloc(0) : password;
  return new Promise((resolve, reject) => {
    scrypt(candidate, Buffer.from(expected.salt, "base64url"), HASH_BYTES, COST, (error, hash) => {
      if (error) reject(error);
      else resolve(timingSafeEqual(hash, Buffer.from(expected.hash, "base64url")));
    });
  });
}
