import { performance } from "node:perf_hooks";
import type { LiveOptions } from "../capture/capture-program.js";
import { LiveCapture } from "../capture/live.js";
import type { NetworkMeter } from "./network-meter.js";

const TICK_MS = 200;
const DROPS_MS = 1000;
/** So long after a capture ended by itself it is tried again: the first time, then twice as long each time, at most. */
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 60_000;
/** A capture that went on for so long had begun well. */
const STEADY_MS = 30_000;

export interface LiveMeterListener {
  capturing(): void;
  lost(reason: string, retryMs: number): void;
  /** Several times a second: time to hand over what was counted. */
  beat(): void;
}

/**
 * Meters an interface until it is stopped. A capture that ends by itself is tried again; the flows and what the
 * detectors know outlive that.
 */
export class LiveMeter {
  readonly #meter: NetworkMeter;
  readonly #options: LiveOptions;
  readonly #listener: LiveMeterListener;
  #capture: LiveCapture | undefined;
  #isStopping = false;
  #endPause = () => {};
  /** Drops of the captures before this one; null while none of them told. */
  #droppedBefore: number | null = null;
  /** Capture time of the last packet, and when it came by the clock that is never set. */
  #lastPacket: { time: number; cameAt: number } | undefined;

  constructor(meter: NetworkMeter, options: LiveOptions, listener: LiveMeterListener) {
    this.#meter = meter;
    this.#options = options;
    this.#listener = listener;
  }

  /** Packets dropped by all captures together, null while none has told. */
  get dropped(): number | null {
    const now = this.#meter.captured.dropped;
    return now === null && this.#droppedBefore === null ? null : (now ?? 0) + (this.#droppedBefore ?? 0);
  }

  /**
   * Resolves when it was stopped and all flows were written.
   *
   * @throws {Rejection} for options that cannot be.
   */
  async run(): Promise<void> {
    const ticks = setInterval(() => this.#tick(), TICK_MS);
    const drops = setInterval(() => this.#capture?.askForDrops(), DROPS_MS);
    try {
      let retryMs = FIRST_RETRY_MS;
      while (!this.#isStopping) {
        const startedAt = performance.now();
        const reason = await this.#captureOnce();
        if (this.#isStopping || reason === undefined) break;
        if (performance.now() - startedAt > STEADY_MS) retryMs = FIRST_RETRY_MS;
        this.#listener.lost(reason, retryMs);
        await this.#pause(retryMs);
        retryMs = Math.min(2 * retryMs, LAST_RETRY_MS);
      }
    } finally {
      clearInterval(ticks);
      clearInterval(drops);
    }
    this.#meter.end();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#endPause();
    await this.#capture?.stop();
  }

  /** @returns why it ended by itself, undefined if it was stopped. */
  async #captureOnce(): Promise<string | undefined> {
    const { captured } = this.#meter;
    const capture = new LiveCapture(this.#options, (packet) => this.#take(packet), captured);
    this.#capture = capture;
    try {
      await capture.started();
      this.#listener.capturing();
      await capture.ended;
      return undefined;
    } catch (error) {
      return (error as Error).message;
    } finally {
      if (captured.dropped !== null) this.#droppedBefore = (this.#droppedBefore ?? 0) + captured.dropped;
      captured.dropped = null;
      this.#capture = undefined;
    }
  }

  #take(packet: Parameters<NetworkMeter["packet"]>[0]): void {
    this.#lastPacket ??= { time: 0, cameAt: 0 };
    this.#lastPacket.time = packet.time;
    this.#lastPacket.cameAt = performance.now();
    this.#meter.packet(packet);
  }

  /** Goes on from the last packet's time: the clock of the machine may be set while it runs. */
  #tick(): void {
    if (this.#lastPacket) {
      this.#meter.tick(this.#lastPacket.time + (performance.now() - this.#lastPacket.cameAt) / 1000);
    }
    this.#listener.beat();
  }

  async #pause(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
