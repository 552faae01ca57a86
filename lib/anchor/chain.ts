import { ChainReader, type FoundContract, findContract } from "./chain-reader.js";
import { refuseKnownAccount } from "./known-accounts.js";
import type { TransactionReceipt } from "./load-ethers.js";
import type { IncidentClaim, TrustClaim } from "./settle.js";
import { openSigner, type SignerSettings } from "./signer.js";
import { Transactor } from "./transactor.js";

export interface ChainSettings {
  /** JSON-RPC, http(s)://… */
  rpcUrl: string;
  /** 0x… */
  contract: string;
  signer: SignerSettings;
}

/** What the contract's `anchor` takes. */
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

function callValues({ lane, from, to, rootHash, changes, incidents }: AnchorCall): unknown[] {
  return [lane, from, to, `0x${rootHash}`, changes, incidents];
}

/** The anchor contract on one chain, and the account that writes to it. */
export class AnchorChain extends ChainReader {
  private constructor(
    found: FoundContract,
    private readonly transactor: Transactor,
  ) {
    super(found);
  }

  /** @throws {Error} that says what to mend: no node, no contract, a key that cannot be used. */
  static async connect(settings: ChainSettings): Promise<AnchorChain> {
    const found = await findContract(settings.rpcUrl, settings.contract);
    const { ethers, provider, chainId } = found;
    try {
      const signer = await openSigner(ethers, provider, settings.signer);
      refuseKnownAccount(ethers, signer.address, chainId);
      return new AnchorChain(found, new Transactor(provider, signer, chainId));
    } catch (error) {
      provider.destroy();
      throw error;
    }
  }

  /** Account that sends, 0x… */
  get writer(): string {
    return this.transactor.signer.address;
  }

  /** @throws {ChainRefusal} where the contract would refuse it; {Error} where the node cannot be reached. */
  async simulate(call: AnchorCall): Promise<void> {
    try {
      // In the block to come: the last one may be old, above all after the chain was down, and time is worth points.
      const overrides = { from: this.writer, blockTag: "pending" };
      await this.found.contract.getFunction("anchor").staticCall(...callValues(call), overrides);
    } catch (error) {
      throw this.refusalOf(error);
    }
  }

  /** Sends an anchor and waits for it; see {@link Transactor.send}. @throws {ChainRefusal} see {@link simulate}. */
  async send(call: AnchorCall, timeoutMs: number, signal?: AbortSignal): Promise<TransactionReceipt | undefined> {
    const data = this.found.contract.interface.encodeFunctionData("anchor", callValues(call));
    try {
      return await this.transactor.send({ to: this.address, data }, timeoutMs, signal);
    } catch (error) {
      throw this.refusalOf(error);
    }
  }

  override close(): void {
    this.transactor.close();
  }

  /** Nodes give the contract's errors back in several shapes; what they have in common is the data. */
  private refusalOf(error: unknown): unknown {
    const { revert, data, info } = error as {
      revert?: { name: string; args: Iterable<unknown> } | null;
      data?: unknown;
      info?: { error?: { data?: unknown } };
    };
    if (revert) return new ChainRefusal(revert.name, [...revert.args]);
    for (const candidate of [
      data,
      info?.error?.data,
      (info?.error?.data as { result?: unknown } | undefined)?.result,
    ]) {
      if (typeof candidate !== "string" || candidate.length < 10) continue;
      const parsed = this.found.contract.interface.parseError(candidate);
      if (parsed) return new ChainRefusal(parsed.name, [...(parsed.args as Iterable<unknown>)]);
    }
    return error;
  }
}
