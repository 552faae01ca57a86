import type { FlowRecord, NetworkAlert } from "../../lib/common/network.js";

/** Judges flows by what was learnt. */
export interface FlowJudge {
  /** @param onAlert gets what is found. */
  begin(onAlert: (alert: NetworkAlert) => void): void;
  /** @param isFound the flow belongs to what a detector has found: nobody needs to hear twice. */
  flow(flow: FlowRecord, isFound: boolean): void;
  /** The capture is over. */
  end(): void;
}
