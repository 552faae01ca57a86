import type { AnchorRecord } from "../common/ledger-receipt.js";
import type { AnchoredLog } from "./anchored-log.js";
import type { Block, ChainReader } from "./chain-reader.js";

/** Writes down in the log's database which of its sizes the chain holds, read from the chain's own events. */
export class ConfirmedAnchors {
  /** Of this contract and lane; smallest size first. */
  private readonly records: AnchorRecord[];

  /** @param firstBlock from which to look where nothing is written down yet: that of the contract's deployment. */
  constructor(
    private readonly log: AnchoredLog,
    private readonly chain: ChainReader,
    private readonly lane: string,
    private readonly firstBlock: number,
  ) {
    this.records = log
      .anchors()
      .filter(
        (record) => record.chainId === chain.chainId && record.contract === chain.address && record.lane === lane,
      );
  }

  /**
   * Writes down what was anchored up to a block, whoever sent it; also what was sent before a crash.
   *
   * @returns what is new.
   */
  async recordUpTo(block: Block): Promise<AnchorRecord[]> {
    const { size } = await this.chain.lane(this.lane, block);
    if (size === 0) return [];
    const known = await this.lastThatHolds(size);
    if (known?.size === size) return [];
    const fresh: AnchorRecord[] = [];
    const from = known?.blockNumber ?? this.firstBlock;
    for await (const anchor of this.chain.anchored(this.lane, from, block.number)) {
      // What a misused key anchored is none of this log's.
      if (anchor.size > this.log.size || this.log.rootAt(anchor.size).toString("hex") !== anchor.rootHash) continue;
      if (known && anchor.size <= known.size) continue;
      this.log.recordAnchor(anchor);
      fresh.push(anchor);
    }
    if (fresh.length > 0) {
      const sizes = new Set(fresh.map((record) => record.size));
      const kept = this.records.filter((record) => !sizes.has(record.size));
      this.records.splice(0, this.records.length, ...[...kept, ...fresh].sort((a, b) => a.size - b.size));
    }
    return fresh;
  }

  /** The last record whose transaction the chain still has where it was: a chain may have been rolled back. */
  private async lastThatHolds(size: number): Promise<AnchorRecord | undefined> {
    const candidates = this.records.filter((record) => record.size <= size);
    // In growing steps: a chain that was begun anew holds none of many.
    for (let back = 1; back <= candidates.length; back *= 2) {
      const record = candidates[candidates.length - back];
      if (record && (await this.chain.blockOf(record.transaction)) === record.blockNumber) return record;
    }
    return undefined;
  }
}
