import type { Ethers } from "./load-ethers.js";

/** Published by anvil and hardhat, and by ganache --deterministic: everybody can sign with their accounts. */
const PUBLISHED_PHRASES = [
  "test test test test test test test test test test test junk",
  "myth like bonus scare over problem client lizard pioneer submit female collect",
];
const ACCOUNTS_PER_PHRASE = 20;
/** Chains that those programs make. */
const TEST_CHAINS: ReadonlySet<number> = new Set([31_337, 1337]);

/**
 * Refuses accounts whose private keys are public, except on the chains that test programs make.
 *
 * @param address 0x…
 * @throws {Error} that says what to do.
 */
export function refuseKnownAccount(ethers: Ethers, address: string, chainId: number): void {
  if (TEST_CHAINS.has(chainId)) return;
  for (const phrase of PUBLISHED_PHRASES) {
    const root = ethers.HDNodeWallet.fromPhrase(phrase, undefined, "m/44'/60'/0'/0");
    for (let i = 0; i < ACCOUNTS_PER_PHRASE; i++) {
      if (root.deriveChild(i).address.toLowerCase() !== address.toLowerCase()) continue;
      throw new Error(
        `${address} is a test account whose key everybody knows; on chain ${chainId} use a key of your own`,
      );
    }
  }
}
