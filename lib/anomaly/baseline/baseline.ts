import type { IsolationForest } from "../isolation-forest.js";
import type { Service } from "./service.js";
import type { Context } from "./shape.js";

/** A device of the user's, and what it does. */
export interface DeviceProfile {
  /** Address or MAC; `outside` for all that is not local. */
  id: string;
  flows: number;
  services: Service[];
}

/** What a network's normal traffic was. */
export interface Baseline {
  name: string;
  /** ISO 8601, UTC. */
  createdAt: string;
  /** What devices are known by. */
  by: "address" | "mac";
  /** The user's networks beside the private ones. */
  local: string[];
  /** Time of the first and the last flow learnt, seconds since the Unix epoch. */
  from: number;
  to: number;
  /** Flows learnt, and those left out because they belonged to alerts. */
  flows: number;
  leftOut: number;
  devices: DeviceProfile[];
  contexts: Map<string, Context>;
  /** Over deviations from the contexts. */
  forest: IsolationForest;
  seed: number;
  /** Score above which a flow is unusual. */
  threshold: number;
  calibration: Calibration;
}

/** How the threshold was set. */
export interface Calibration {
  /** Share of ordinary flows that may be called unusual. */
  rate: number;
  /** The rate that so many held-out flows can promise (1 in n + 1), where that is larger. */
  promised: number;
  /** Flows that were not learnt from while the threshold was set. */
  heldOut: number;
  /** Of these: above the threshold, and with a peer or port that the others had not. */
  unusual: number;
  unexpected: number;
}
