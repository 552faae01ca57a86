import type { AnchorRecord } from "../common/ledger-receipt.js";
import type { AnchoredLog } from "./anchored-log.js";
import { type AnchorCall, AnchorChain, ChainRefusal, type ChainSettings } from "./chain.js";
import type { Block, BlockTag } from "./chain-reader.js";
import { ConfirmedAnchors } from "./confirmed.js";
import { clampEvent, ToldCuts } from "./cuts.js";
import { deviceIdOf } from "./identity.js";
import { type AnchorLimits, type AnchorPlan, DEFAULT_LIMITS, planAnchor } from "./plan.js";
import { type ChainDevice, cutTo, type Settlement, settle, type TrustCut } from "./settle.js";

export interface AnchorerOptions extends ChainSettings {
  /** See {@link laneOf}. */
  lane: string;
  /** From which block on a size counts as anchored. Default latest. */
  confirmAt?: BlockTag;
  /** Block of the contract's deployment, from which its events are read. */
  firstBlock?: number;
  limits?: AnchorLimits;
  /** How long to wait for a transaction before it is looked at again, milliseconds. */
  waitMs?: number;
  /** A size is anchored, that is in a block that counts. */
  onAnchored?(record: AnchorRecord): void;
  /** The chain does not take scores as they are; it is in the log already. */
  onCut?(cuts: readonly TrustCut[]): void;
  /** Milliseconds since the Unix epoch. */
  now?(): number;
}

/** The chain and the log contradict each other: a person must look. */
export class AnchorConflict extends Error {
  override readonly name = "AnchorConflict";
}

/** How far the chain has come. */
export interface AnchorProgress {
  logSize: number;
  chainSize: number;
}

const DEFAULT_WAIT_MS = 120_000;

/**
 * Anchors a log on a chain. The log itself is the outbox: what the chain holds is read afresh each time and whatever is
 * missing is sent, so that nothing is lost or counted twice when chain, anchorer or node are stopped at any moment, or
 * when the chain is rolled back.
 */
export class Anchorer {
  private connected: { chain: AnchorChain; confirmed: ConfirmedAnchors } | undefined;
  private readonly told = new ToldCuts();

  constructor(
    private readonly log: AnchoredLog,
    private readonly options: AnchorerOptions,
  ) {}

  /**
   * Anchors what is missing, as much as fits into one transaction, and writes down what is confirmed.
   *
   * @throws {AnchorConflict} where the chain holds another history; {ChainRefusal} or {Error} where it cannot be
   *   written now: nothing is lost, a later step does it.
   */
  async step(signal?: AbortSignal): Promise<AnchorProgress> {
    const { chain, confirmed } = await this.connection();
    await this.recordConfirmed(chain, confirmed);
    const block = await latest(chain);
    const chainSize = await this.agreedSize(chain, block);
    if (this.log.size === chainSize || signal?.aborted) return { logSize: this.log.size, chainSize };
    const call = await this.prepare(chain, block, chainSize);
    const receipt = await chain.send(call, this.options.waitMs ?? DEFAULT_WAIT_MS, signal);
    if (receipt) await this.recordConfirmed(chain, confirmed);
    return { logSize: this.log.size, chainSize: receipt?.status === 1 ? call.to : chainSize };
  }

  close(): void {
    this.connected?.chain.close();
    this.connected = undefined;
  }

  private async connection() {
    if (!this.connected) {
      const { lane, firstBlock = 0 } = this.options;
      const chain = await AnchorChain.connect(this.options);
      this.connected = { chain, confirmed: new ConfirmedAnchors(this.log, chain, lane, firstBlock) };
    }
    return this.connected;
  }

  private async recordConfirmed(chain: AnchorChain, confirmed: ConfirmedAnchors): Promise<void> {
    const block = await chain.block(this.options.confirmAt ?? "latest");
    if (!block || !(await chain.existsAt(block))) return;
    for (const record of await confirmed.recordUpTo(block)) this.options.onAnchored?.(record);
  }

  /** Size that the chain holds, where it is one of this log. */
  private async agreedSize(chain: AnchorChain, block: Block): Promise<number> {
    const { size, rootHash } = await chain.lane(this.options.lane, block);
    if (size > this.log.size) {
      throw new AnchorConflict(
        `the chain holds ${size} entries of this lane, the log ${this.log.size}: restore the log, or choose another lane`,
      );
    }
    if (size > 0 && this.log.rootAt(size).toString("hex") !== rootHash) {
      throw new AnchorConflict(
        `the chain holds another root of the first ${size} entries than the log: another log's lane, or a misused key`,
      );
    }
    return size;
  }

  /** The call that anchors what comes after `from`; what has to be cut is in the log when it returns. */
  private async prepare(chain: AnchorChain, block: Block, from: number): Promise<AnchorCall> {
    const { lane, limits = DEFAULT_LIMITS } = this.options;
    const plan = planAnchor(this.log, from, limits);
    const known = await this.knownDevices(chain, block, plan);
    const now = (this.options.now ?? Date.now)();
    // Whether our clock or the last block is right about the next one's time, the simulation shows.
    const time = Math.max(block.timestamp, Math.floor(now / 1000));
    const settlement = settle(plan, lane, known, chain.terms, time);
    const { call, cuts } = await this.simulated(chain, plan, settlement);
    const cutDevices = new Set(cuts.map(({ device }) => device));
    this.told.forget(plan.devices.map(({ device }) => device).filter((device) => !cutDevices.has(device)));
    const fresh = this.told.fresh(cuts);
    if (fresh.length > 0) {
      const where = { chainId: chain.chainId, contract: chain.address, lane, from, to: plan.to };
      await this.log.append([clampEvent(fresh, where, now)]);
      this.options.onCut?.(fresh);
    }
    return call;
  }

  private async knownDevices(chain: AnchorChain, block: Block, plan: AnchorPlan): Promise<Map<string, ChainDevice>> {
    const { lane } = this.options;
    const named = plan.incidents.flatMap(({ device }) => device ?? []);
    const names = [...new Set([...plan.devices.map(({ device }) => device), ...named])];
    const found = await chain.devices(
      names.map((name) => deviceIdOf(lane, name)),
      block,
    );
    const known = new Map<string, ChainDevice>();
    for (const name of names) {
      const device = found.get(deviceIdOf(lane, name));
      if (device) known.set(name, device);
    }
    return known;
  }

  /** A claim that the contract refuses must not stop the anchoring: it is cut to what the contract names. */
  private async simulated(chain: AnchorChain, plan: AnchorPlan, first: Settlement) {
    const { lane } = this.options;
    const rootHash = this.log.rootAt(plan.to).toString("hex");
    let settlement = first;
    for (let attempts = plan.devices.length; ; attempts--) {
      const { changes, incidents, cuts } = settlement;
      const call: AnchorCall = { lane, from: plan.from, to: plan.to, rootHash, changes, incidents };
      try {
        await chain.simulate(call);
        return { call, cuts };
      } catch (error) {
        if (!(error instanceof ChainRefusal) || error.error !== "TrustRule" || attempts <= 0) throw error;
        const [id, low, high] = error.values as [string, bigint, bigint];
        const name = plan.devices.find(({ device }) => deviceIdOf(lane, device) === id)?.device ?? id;
        settlement = cutTo(settlement, id, name, { low: Number(low), high: Number(high) });
      }
    }
  }
}

async function latest(chain: AnchorChain): Promise<Block> {
  const block = await chain.block("latest");
  if (!block) throw new Error("the chain has no block");
  return block;
}
