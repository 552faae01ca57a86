/** Keys printed in standards, manuals and well-known example set-ups; whoever reads them can read the data. */
const PUBLISHED_HEX = [
  // FIPS 197 and NIST SP 800-38A examples (the first one is in countless sketches for ESP32 and Arduino).
  "2b7e151628aed2a6abf7158809cf4f3c",
  "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
  // The GCM specification's test cases.
  "feffe9928665731c6d6a8f9467308308",
  "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
  "00112233445566778899aabbccddeeff",
  "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
  "0123456789abcdef0123456789abcdef",
  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
  "0123456789abcdeffedcba9876543210",
];

const PUBLISHED_BASE64 = [
  // The Fernet specification, and the tests of most of its implementations.
  "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=",
  "JrdICDH6x3M7duQeM8dJEMK4Y5TkBIsYDw1lPy35RiY=",
  // Apache Airflow's manual and its best known container.
  "81HqDtbqAywKSOumSha3BhWNOdQ26slT6K0YaZeZyPs=",
  "46BKJoQYlPPOexq0OhDZnIlNepKFf87WFwLbfzqDDho=",
];

const PUBLISHED: ReadonlySet<string> = new Set([
  ...PUBLISHED_HEX,
  ...PUBLISHED_BASE64.map((text) => Buffer.from(text, "base64url").toString("hex")),
]);

/** All bytes equal, or each one greater (or smaller) than the one before by the same step: 00 01 02 .. 0f. */
function isArithmetic(key: Uint8Array): boolean {
  const step = ((key[1] as number) - (key[0] as number)) & 0xff;
  return key.every((byte, i) => i === 0 || ((byte - (key[i - 1] as number)) & 0xff) === step);
}

/** Whether a key is a published example or a trivial pattern. */
export function isKnownKey(key: Buffer): boolean {
  return isArithmetic(key) || PUBLISHED.has(key.toString("hex"));
}
