import { existsSync } from "node:fs";
import { writeFileAtomic } from "../common/files.js";
import { loadEthers } from "./load-ethers.js";

/** Of scrypt; the standard's own 2^18 takes a Raspberry Pi half a minute at every start. */
const SCRYPT_N = 2 ** 15;
export const SHORTEST_PASSPHRASE = 12;

/**
 * Makes an account: a new private key in a V3 keystore file (Web3 Secret Storage) that only its owner can read.
 *
 * @returns its address.
 * @throws {Error} for a file that exists, or a passphrase that is short.
 */
export async function createKeystore(path: string, passphrase: string): Promise<string> {
  if (existsSync(path)) throw new Error(`${path} exists`);
  if (passphrase.length < SHORTEST_PASSPHRASE) {
    throw new Error(`the passphrase has fewer than ${SHORTEST_PASSPHRASE} characters`);
  }
  const ethers = await loadEthers();
  const { address, privateKey } = ethers.Wallet.createRandom();
  const text = await ethers.encryptKeystoreJson({ address, privateKey }, passphrase, { scrypt: { N: SCRYPT_N } });
  writeFileAtomic(path, text);
  return address;
}
