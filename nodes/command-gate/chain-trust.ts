import { ChainReader } from "../../lib/anchor/chain-reader.js";
import { deviceIdOf, isOfLane, laneOf } from "../../lib/anchor/identity.js";
import type { ChainTrustAnswer } from "../../lib/command/decision.js";

const TIMEOUT_MS = 5000;

/** What a chain says about devices, as a second opinion. The connection is made when it is first asked. */
export class ChainTrust {
  private reader: Promise<ChainReader> | undefined;
  private isClosed = false;

  /**
   * @param origin name that the ledger signs under.
   * @param open replaced in tests.
   */
  constructor(
    private readonly settings: { rpcUrl: string; contract: string },
    private readonly origin: string,
    private readonly open: typeof ChainReader.open = (rpcUrl, contract) => ChainReader.open(rpcUrl, contract),
  ) {}

  /** Never throws: whatever goes wrong is `unavailable`. */
  async trustOf(device: string): Promise<ChainTrustAnswer> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<ChainTrustAnswer>((resolve) => {
      timer = setTimeout(() => resolve("unavailable"), TIMEOUT_MS);
    });
    try {
      return await Promise.race([this.ask(device), late]);
    } catch {
      return "unavailable";
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.isClosed = true;
    this.reader?.then(
      (reader) => reader.close(),
      () => {},
    );
  }

  private async ask(device: string): Promise<ChainTrustAnswer> {
    if (this.isClosed) return "unavailable";
    const reader = await this.connected();
    const block = await reader.block("latest");
    if (!block) return "unavailable";
    const lane = laneOf(this.origin);
    const id = deviceIdOf(lane, device);
    const found = (await reader.devices([id], block)).get(id);
    return found && isOfLane(found.lane, lane) ? { score: found.trust } : "unknown";
  }

  /** A connection that failed is tried again when it is asked the next time. */
  private connected(): Promise<ChainReader> {
    this.reader ??= this.open(this.settings.rpcUrl, this.settings.contract).catch((error: unknown) => {
      this.reader = undefined;
      throw error;
    });
    return this.reader;
  }
}
