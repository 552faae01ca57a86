import type { AnchorRecord } from "../common/ledger-receipt.js";
import { anchorArtifact } from "./artifact.js";
import type { CreditTerms } from "./bounds.js";
import { refuseKnownAccount } from "./known-accounts.js";
import { type Contract, loadEthers, type TransactionReceipt } from "./load-ethers.js";
import { connectProvider } from "./provider.js";
import type { ChainDevice, IncidentClaim, TrustClaim } from "./settle.js";
import { openSigner, type SignerSettings } from "./signer.js";
import { Transactor } from "./transactor.js";

/** Which of a chain's blocks counts as the last one. */
export type BlockTag = "latest" | "safe" | "finalized";
export const BLOCK_TAGS: readonly BlockTag[] = ["latest", "safe", "finalized"];

export interface ChainSettings {
  /** JSON-RPC, http(s)://… */
  rpcUrl: string;
  /** 0x… */
  contract: string;
  signer: SignerSettings;
}

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

export interface AnchorCall {
  lane: string;
  from: number;
  to: number;
  rootHash: string;
  changes: TrustClaim[];
  incidents: IncidentClaim[];
}

/** The contract would not take the call: its custom error. */
export class ChainRefusal extends Error {
  override readonly name = "ChainRefusal";

  constructor(
    readonly error: string,
    readonly values: readonly unknown[],
  ) {
    super(`the contract refuses it: ${error}(${values.map(String).join(", ")})`);
  }
}

function refusalOf(error: unknown): unknown {
  const { revert } = error as { revert?: { name: string; args: Iterable<unknown> } | null };
  return revert ? new ChainRefusal(revert.name, [...revert.args]) : error;
}

function callValues({ lane, from, to, rootHash, changes, incidents }: AnchorCall): unknown[] {
  return [lane, from, to, `0x${rootHash}`, changes, incidents];
}

const LOG_PAGE_BLOCKS = 5000;

/** The anchor contract on one chain, and the account that writes to it. */
export class AnchorChain {
  private constructor(
    private readonly contract: Contract,
    private readonly transactor: Transactor,
    readonly address: string,
    readonly terms: CreditTerms,
  ) {}

  /** @throws {Error} that says what to mend: no node, no contract, a key that cannot be used. */
  static async connect(settings: ChainSettings): Promise<AnchorChain> {
    const ethers = await loadEthers();
    if (!ethers.isAddress(settings.contract)) throw new Error("the contract's address is not one");
    const address = ethers.getAddress(settings.contract);
    const { provider, chainId } = await connectProvider(ethers, settings.rpcUrl);
    try {
      const signer = await openSigner(ethers, provider, settings.signer);
      refuseKnownAccount(ethers, signer.address, chainId);
      const contract = new ethers.Contract(address, anchorArtifact().abi, provider);
      const number = async (name: string) => Number((await contract.getFunction(name).staticCall()) as bigint);
      const terms = { creditInterval: await number("creditInterval"), creditBurst: await number("creditBurst") };
      return new AnchorChain(contract, new Transactor(provider, signer, chainId), address, terms);
    } catch (error) {
      provider.destroy();
      throw error;
    }
  }

  get chainId(): number {
    return this.transactor.chainId;
  }

  get writer(): string {
    return this.transactor.signer.address;
  }

  /** Undefined where the chain has no such block yet. */
  async block(tag: BlockTag): Promise<Block | undefined> {
    const block = await this.contract.runner?.provider?.getBlock(tag);
    return block ? { number: block.number, timestamp: block.timestamp } : undefined;
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

  /** @throws {ChainRefusal} where the contract would refuse it; {Error} where the node cannot be reached. */
  async simulate(call: AnchorCall): Promise<void> {
    try {
      await this.contract.getFunction("anchor").staticCall(...callValues(call), { from: this.writer });
    } catch (error) {
      throw refusalOf(error);
    }
  }

  /** Sends an anchor and waits for it; see {@link Transactor.send}. */
  async send(call: AnchorCall, timeoutMs: number, signal?: AbortSignal): Promise<TransactionReceipt | undefined> {
    const data = this.contract.interface.encodeFunctionData("anchor", callValues(call));
    try {
      return await this.transactor.send({ to: this.address, data }, timeoutMs, signal);
    } catch (error) {
      throw refusalOf(error);
    }
  }

  /** Number of the block that a transaction is in, by its hash. */
  async blockOf(transaction: string): Promise<number | undefined> {
    const receipt = await this.contract.runner?.provider?.getTransactionReceipt(transaction);
    return receipt?.status === 1 ? receipt.blockNumber : undefined;
  }

  /** What was anchored in these blocks, in their order. */
  async *anchored(lane: string, fromBlock: number, toBlock: number): AsyncGenerator<AnchorRecord> {
    const filter = this.contract.getEvent("Anchored")(lane);
    for (let from = fromBlock; from <= toBlock; from += LOG_PAGE_BLOCKS) {
      const events = await this.contract.queryFilter(filter, from, Math.min(toBlock, from + LOG_PAGE_BLOCKS - 1));
      for (const event of events) {
        const { newSize, root } = this.contract.interface.decodeEventLog("Anchored", event.data, event.topics);
        yield {
          size: Number(newSize as bigint),
          rootHash: (root as string).slice(2),
          ...{ chainId: this.chainId, contract: this.address, lane },
          ...{ transaction: event.transactionHash, blockNumber: event.blockNumber },
        };
      }
    }
  }

  close(): void {
    this.transactor.close();
  }

  private async view(name: string, blockTag: number, ...values: unknown[]): Promise<unknown> {
    return (await this.contract.getFunction(name).staticCall(...values, { blockTag })) as unknown;
  }
}
