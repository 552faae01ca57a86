import type { JsonRpcProvider, TransactionReceipt, TransactionRequest } from "./load-ethers.js";
import type { AnchorSigner } from "./signer.js";

/** Fees of a replacement must exceed those of what it replaces by 10 % at least, or nodes refuse it. */
const REPLACEMENT_PERCENT = 125n;
const GAS_MARGIN_PERCENT = 120n;
const POLL_MS = 300;

interface Sent {
  hash: string;
  nonce: number;
  fees: Fees;
}

type Fees = { gasPrice: bigint } | { maxFeePerGas: bigint; maxPriorityFeePerGas: bigint };

function raised(fees: Fees): Fees {
  const raise = (fee: bigint) => (fee * REPLACEMENT_PERCENT) / 100n + 1n;
  return "gasPrice" in fees
    ? { gasPrice: raise(fees.gasPrice) }
    : { maxFeePerGas: raise(fees.maxFeePerGas), maxPriorityFeePerGas: raise(fees.maxPriorityFeePerGas) };
}

/** Sends transactions one after the other and waits for them; one that nobody mines is replaced by the next. */
export class Transactor {
  private unmined: Sent | undefined;

  constructor(
    private readonly provider: JsonRpcProvider,
    readonly signer: AnchorSigner,
    readonly chainId: number,
  ) {}

  /**
   * Sends one and waits until it is in a block.
   *
   * @param timeoutMs how long to wait.
   * @returns its receipt, also of a transaction that was reverted; undefined where it is in no block yet.
   * @throws {Error} where the node cannot be reached, or refuses it.
   */
  async send(
    call: { to?: string; data: string },
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<TransactionReceipt | undefined> {
    const { provider, signer, chainId } = this;
    const from = signer.address;
    const gas = await provider.estimateGas({ ...call, from, blockTag: "pending" });
    // Asked afresh each time: a chain that was rolled back has forgotten some.
    const replaced = await this.stillUnmined();
    const nonce = replaced?.nonce ?? (await provider.getTransactionCount(from, "pending"));
    const fees = await this.fees(replaced);
    const request: TransactionRequest = {
      ...call,
      ...{ from, nonce, chainId, gasLimit: (gas * GAS_MARGIN_PERCENT) / 100n },
      ...{ type: "gasPrice" in fees ? 0 : 2, ...fees },
    };
    const hash = await signer.send(request);
    this.unmined = { hash, nonce, fees };
    const deadline = performance.now() + timeoutMs;
    while (!signal?.aborted && performance.now() < deadline) {
      const receipt = await provider.getTransactionReceipt(hash);
      if (receipt) {
        this.unmined = undefined;
        return receipt;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return undefined;
  }

  close(): void {
    this.signer.close();
    this.provider.destroy();
  }

  /** What was sent last and waits in the node's pool; a node that was restarted may have forgotten it. */
  private async stillUnmined(): Promise<Sent | undefined> {
    if (!this.unmined) return undefined;
    const found = await this.provider.getTransaction(this.unmined.hash);
    if (!found || found.blockNumber !== null) this.unmined = undefined;
    return this.unmined;
  }

  private async fees(replaced: Sent | undefined): Promise<Fees> {
    const { gasPrice, maxFeePerGas, maxPriorityFeePerGas } = await this.provider.getFeeData();
    const asked: Fees =
      maxFeePerGas !== null && maxPriorityFeePerGas !== null
        ? { maxFeePerGas, maxPriorityFeePerGas }
        : { gasPrice: gasPrice ?? 0n };
    if (!replaced) return asked;
    const least = raised(replaced.fees);
    const price = (fees: Fees) => ("gasPrice" in fees ? fees.gasPrice : fees.maxFeePerGas);
    return price(asked) > price(least) ? asked : least;
  }
}
