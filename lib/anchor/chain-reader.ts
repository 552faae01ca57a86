import type { AnchorRecord } from "../common/ledger-receipt.js";
import { anchorArtifact } from "./artifact.js";
import type { CreditTerms } from "./bounds.js";
import { type Contract, type Ethers, type JsonRpcProvider, loadEthers } from "./load-ethers.js";
import { connectProvider } from "./provider.js";
import type { ChainDevice } from "./settle.js";

/** Which of a chain's blocks counts as the last one. */
export type BlockTag = "latest" | "safe" | "finalized";
export const BLOCK_TAGS: readonly BlockTag[] = ["latest", "safe", "finalized"];

export interface Block {
  number: number;
  /** Seconds since 1970. */
  timestamp: number;
}

export interface LaneState {
  size: number;
  /** 64 hex digits. */
  rootHash: string;
}

/** A contract that was found on a chain. */
export interface FoundContract {
  ethers: Ethers;
  provider: JsonRpcProvider;
  contract: Contract;
  address: string;
  chainId: number;
  terms: CreditTerms;
}

const LOG_PAGE_BLOCKS = 5000;

/** @throws {Error} that says what to mend: no node, no contract. */
export async function findContract(rpcUrl: string, contractAddress: string): Promise<FoundContract> {
  const ethers = await loadEthers();
  if (!ethers.isAddress(contractAddress)) throw new Error("the contract's address is not one");
  const address = ethers.getAddress(contractAddress);
  const { provider, chainId } = await connectProvider(ethers, rpcUrl);
  try {
    const contract = new ethers.Contract(address, anchorArtifact().abi, provider);
    const number = async (name: string) => Number((await contract.getFunction(name).staticCall()) as bigint);
    const terms = { creditInterval: await number("creditInterval"), creditBurst: await number("creditBurst") };
    return { ethers, provider, contract, address, chainId, terms };
  } catch (error) {
    provider.destroy();
    throw error;
  }
}

/** What the anchor contract on one chain holds. */
export class ChainReader {
  constructor(protected readonly found: FoundContract) {}

  /** @throws {Error} that says what to mend: no node, no contract. */
  static async open(rpcUrl: string, contract: string): Promise<ChainReader> {
    return new ChainReader(await findContract(rpcUrl, contract));
  }

  get chainId(): number {
    return this.found.chainId;
  }

  get address(): string {
    return this.found.address;
  }

  get terms(): CreditTerms {
    return this.found.terms;
  }

  /** Undefined where the chain has no such block yet. */
  async block(tag: BlockTag): Promise<Block | undefined> {
    const block = await this.found.provider.getBlock(tag);
    return block ? { number: block.number, timestamp: block.timestamp } : undefined;
  }

  /** Whether the contract was there already. */
  async existsAt({ number }: Block): Promise<boolean> {
    return (await this.found.provider.getCode(this.found.address, number)) !== "0x";
  }

  async lane(lane: string, { number }: Block): Promise<LaneState> {
    const state = (await this.view("lanes", number, lane)) as { size: bigint; root: string };
    return { size: Number(state.size), rootHash: state.root.slice(2) };
  }

  /** What the chain holds of devices, by their ids; only of those that it knows. */
  async devices(ids: readonly string[], { number }: Block): Promise<Map<string, ChainDevice>> {
    const known = new Map<string, ChainDevice>();
    if (ids.length === 0) return known;
    type Found = { lane: string; creditedTo: bigint; trust: bigint; known: boolean };
    const found = (await this.view("devicesOf", number, ids)) as Found[];
    for (const [i, id] of ids.entries()) {
      const device = found[i];
      if (!device?.known) continue;
      known.set(id, { lane: device.lane, creditedTo: Number(device.creditedTo), trust: Number(device.trust) });
    }
    return known;
  }

  /** Number of the block that a transaction is in, by its hash; undefined where it is in none, or was refused. */
  async blockOf(transaction: string): Promise<number | undefined> {
    const receipt = await this.found.provider.getTransactionReceipt(transaction);
    return receipt?.status === 1 ? receipt.blockNumber : undefined;
  }

  /** What was anchored in these blocks, in their order. */
  async *anchored(lane: string, fromBlock: number, toBlock: number): AsyncGenerator<AnchorRecord> {
    const { contract, chainId, address } = this.found;
    const filter = contract.getEvent("Anchored")(lane);
    for (let from = fromBlock; from <= toBlock; from += LOG_PAGE_BLOCKS) {
      const events = await contract.queryFilter(filter, from, Math.min(toBlock, from + LOG_PAGE_BLOCKS - 1));
      for (const event of events) {
        const { newSize, root } = contract.interface.decodeEventLog("Anchored", event.data, event.topics);
        yield {
          size: Number(newSize as bigint),
          rootHash: (root as string).slice(2),
          ...{ chainId, contract: address, lane, transaction: event.transactionHash, blockNumber: event.blockNumber },
        };
      }
    }
  }

  close(): void {
    this.found.provider.destroy();
  }

  /** At a block that was seen, so that several answers belong together. */
  private async view(name: string, blockTag: number, ...values: unknown[]): Promise<unknown> {
    return (await this.found.contract.getFunction(name).staticCall(...values, { blockTag })) as unknown;
  }
}
