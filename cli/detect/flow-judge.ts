import { BaselineAlerts } from "../../lib/anomaly/baseline/alerts.js";
import { readBaselineFile } from "../../lib/anomaly/baseline/baseline-file.js";
import { BaselineJudge } from "../../lib/anomaly/baseline/judge.js";
import type { FlowRecord, NetworkAlert } from "../../lib/common/network.js";
import { Rejection } from "../../lib/common/rejection.js";
import { CommandFailure } from "../failure.js";

/** Judges flows by what was learnt. */
export interface FlowJudge {
  /** @param onAlert gets what is found. */
  begin(onAlert: (alert: NetworkAlert) => void): void;
  /** @param isFound the flow belongs to what a detector has found: nobody needs to hear twice. */
  flow(flow: FlowRecord, isFound: boolean): void;
  /** The capture is over. */
  end(): void;
}

/** @throws {CommandFailure} one line about a file that is no baseline. */
export function baselineJudge(path: string): FlowJudge {
  let judge: BaselineJudge;
  try {
    judge = new BaselineJudge(readBaselineFile(path));
  } catch (error) {
    throw new CommandFailure(`${path}: ${error instanceof Rejection ? error.reason : (error as Error).message}`);
  }
  let alerts: BaselineAlerts | undefined;
  return {
    begin: (onAlert) => {
      alerts = new BaselineAlerts(onAlert, judge.baseline.calibration.promised);
    },
    flow: (flow, isFound) => {
      if (!isFound) alerts?.add(flow, judge.judge(flow));
    },
    end: () => alerts?.endAll(),
  };
}
