import assert from "node:assert/strict";
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from "node:crypto";
import fc from "fast-check";
import { ChainedCbc } from "../../../lib/envelope/chained-cbc.js";

const CIPHER = "aes-128-cbc";

function oneShot(key: Buffer, plaintext: Buffer, iv: Buffer): Buffer {
  const cipher = createCipheriv(CIPHER, key, iv);
  return Buffer.concat([cipher.update(plaintext), cipher.final()]);
}

/** A ciphertext whose last block decrypts to the given bytes. */
function withLastBlock(key: Buffer, iv: Buffer, block: Buffer): Buffer {
  return createCipheriv(CIPHER, key, iv).setAutoPadding(false).update(block);
}

describe("chained AES-CBC", () => {
  it("gives the bytes of a cipher object per message, over many messages and two keys in turn", () => {
    const keys = [randomBytes(16), randomBytes(16)];
    const chained = keys.map((key) => new ChainedCbc(createSecretKey(key)));
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        fc.nat(1),
        (bytes, ivBytes, which) => {
          const [plaintext, iv] = [Buffer.from(bytes), Buffer.from(ivBytes)];
          const expected = oneShot(keys[which] as Buffer, plaintext, iv);
          assert.deepEqual((chained[which] as ChainedCbc).encrypt(plaintext, iv), expected);
          assert.deepEqual((chained[which] as ChainedCbc).decrypt(expected, iv), plaintext);
        },
      ),
      { seed: 7, numRuns: 2000 },
    );
  });

  it("refuses every wrong padding that node:crypto refuses, and opens the next message all the same", () => {
    const key = randomBytes(16);
    const chained = new ChainedCbc(createSecretKey(key));
    const good = Buffer.from("a good message after a bad one");
    for (let i = 0; i < 500; i++) {
      const iv = randomBytes(16);
      const block = randomBytes(16);
      block[15] = i % 20;
      const bad = withLastBlock(key, iv, block);
      let expected: Buffer | undefined;
      try {
        const decipher = createDecipheriv(CIPHER, key, iv);
        expected = Buffer.concat([decipher.update(bad), decipher.final()]);
      } catch {
        expected = undefined;
      }
      assert.deepEqual(chained.decrypt(bad, iv), expected);
      assert.deepEqual(chained.decrypt(oneShot(key, good, iv), iv), good);
    }
  });

  it("does not write into what it is given", () => {
    const chained = new ChainedCbc(createSecretKey(randomBytes(16)));
    const [plaintext, iv] = [Buffer.from("plaintext stays"), randomBytes(16)];
    const [plaintextBefore, ivBefore] = [Buffer.from(plaintext), Buffer.from(iv)];
    const ciphertext = chained.encrypt(plaintext, iv);
    const before = Buffer.from(ciphertext);
    chained.decrypt(ciphertext, iv);
    assert.deepEqual([plaintext, iv, ciphertext], [plaintextBefore, ivBefore, before]);
  });
});
