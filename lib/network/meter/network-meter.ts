import type { FlowRecord, NetworkAlert, NetworkCounters } from "../../common/network.js";
import { CaptureCounters } from "../capture/counters.js";
import { FlowTable } from "../flow/flow-table.js";
import type { FlowTableOptions } from "../flow/options.js";
import type { PacketObserver, SourceCounts } from "../observer.js";
import type { Packet } from "../packet.js";

/** Makes something that watches the packets and tells its findings; the detectors are made so. */
export type MakeObserver = (onAlert: (alert: NetworkAlert) => void) => CountingObserver;

/** An observer, and how many sources it follows if it does. */
export type CountingObserver = PacketObserver & { readonly sourceCounts?: SourceCounts };

export interface NetworkMeterOptions {
  onFlow?: (record: FlowRecord) => void;
  onAlert?: (alert: NetworkAlert) => void;
  flows?: Partial<FlowTableOptions>;
  observers?: readonly MakeObserver[];
}

/**
 * The engine of all that meters a network: packets go in, flows and alerts come out while {@link packet},
 * {@link tick} or {@link end} run. It knows no clock but that of the packets, so a capture gives the same result live
 * and from a file.
 */
export class NetworkMeter {
  /** For the capture reader to count into. */
  readonly captured = new CaptureCounters();
  readonly #flows: FlowTable;
  readonly #observers: readonly CountingObserver[];
  readonly #alerts: Record<string, number> = {};

  constructor({ onFlow, onAlert, flows, observers = [] }: NetworkMeterOptions) {
    this.#flows = new FlowTable((record) => {
      for (const observer of this.#observers) observer.flow?.(record);
      onFlow?.(record);
    }, flows);
    const tell = (alert: NetworkAlert) => {
      if (alert.phase === "began") this.#alerts[alert.kind] = (this.#alerts[alert.kind] ?? 0) + 1;
      onAlert?.(alert);
    };
    this.#observers = observers.map((make) => make(tell));
  }

  /** @param packet may be filled again afterwards. */
  packet(packet: Packet): void {
    this.#flows.packet(packet);
    for (const observer of this.#observers) observer.packet(packet);
  }

  /** Time goes on without packets. @param time capture time, seconds since the Unix epoch. */
  tick(time: number): void {
    this.#flows.tick(time);
    for (const observer of this.#observers) observer.tick(time);
  }

  /** The capture is over: writes what is open. */
  end(): void {
    this.#flows.end();
    for (const observer of this.#observers) observer.end();
  }

  /** What was counted so far; alerts are incidents that began. */
  counters(): NetworkCounters {
    const { packets, bytes, malformed, dropped } = this.captured;
    const sum = (name: keyof SourceCounts) =>
      this.#observers.reduce((total, each) => total + (each.sourceCounts?.[name] ?? 0), 0);
    return {
      at: Date.now(),
      packets,
      bytes,
      malformed: { ...malformed },
      dropped,
      flows: this.#flows.started,
      activeFlows: this.#flows.active,
      evictedFlows: this.#flows.evicted,
      sources: sum("sources"),
      evictedSources: sum("evictedSources"),
      alerts: { ...this.#alerts },
    };
  }
}
