export type {
  Contract,
  JsonRpcProvider,
  TransactionReceipt,
  TransactionRequest,
} from "ethers" with { "resolution-mode": "import" };

export type Ethers = typeof import("ethers", { with: { "resolution-mode": "import" }});

/**
 * The Ethereum library; an optional peer, so that only those who anchor install it.
 *
 * @throws {Error} one line that says how to install it.
 */
export async function loadEthers(): Promise<Ethers> {
  try {
    return await import("ethers");
  } catch (error) {
    throw new Error(`anchoring needs ethers; run: npm install ethers@6 (${(error as Error).message.split("\n")[0]})`);
  }
}
