import type { RejectionInfo } from "../../common/message.js";
import type { FlowRecord, NetworkAlert, NetworkCounters } from "../../common/network.js";
import type { LiveOptions } from "../capture/capture-program.js";
import type { FlowTableOptions } from "../flow/options.js";
import type { DetectorSettings } from "./detectors.js";

/** Where packets come from: a capture file, the bytes of one, or an interface. */
export type MeterSource =
  | { kind: "file"; path: string }
  | { kind: "bytes"; bytes: Uint8Array }
  | { kind: "live"; live: LiveOptions };

/** What a meter's thread is told when it starts. */
export interface MeterJob {
  source: MeterSource;
  flows: Partial<FlowTableOptions>;
  detectors: DetectorSettings;
  /** Records handed over per second at most: of a live capture the others are counted, a file is read more slowly. */
  flowsPerSecond: number;
}

/** What it tells. */
export type MeterReport =
  | { type: "capturing" }
  | { type: "flows"; flows: FlowRecord[] }
  | { type: "alert"; alert: NetworkAlert }
  /** Once a second, and last before the end. */
  | { type: "counters"; counters: NetworkCounters }
  /** The live capture ended by itself and is tried again. */
  | { type: "lost"; reason: string; retryMs: number }
  | { type: "ended"; rejected?: RejectionInfo };
