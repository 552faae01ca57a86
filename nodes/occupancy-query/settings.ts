import type { NodeAPI, NodeDef } from "node-red";
import { Disclosure } from "../../lib/occupancy/disclosure.js";
import { LocalTime } from "../../lib/occupancy/wifi-log/local-time.js";
import { chosenLedger, type LedgerNode } from "../common/ledger.js";
import { numberSetting } from "../common/number-setting.js";
import { type OccupancyConfig, occupancyOf, type SharedOccupancy } from "../common/occupancy.js";

export interface OccupancyQueryConfig extends NodeDef, OccupancyConfig {
  timeZone: string;
  minCount: string | number;
  epsilon: string | number;
  /** Id of a ledger-config; may be empty. */
  ledger?: string;
  /** Every question is answered as for a viewer, for what a flow shows to everybody. */
  asViewer?: boolean;
}

export interface OccupancyQuerySettings {
  occupancy: SharedOccupancy;
  local: LocalTime;
  disclosure: Disclosure;
  ledger: LedgerNode | undefined;
  asViewer: boolean;
}

/** @throws {Error} that says what to mend. */
export function occupancyQuerySettings(RED: NodeAPI, config: OccupancyQueryConfig, id: string): OccupancyQuerySettings {
  const local = new LocalTime(config.timeZone || "UTC");
  const minCount = Math.floor(numberSetting("Smallest count", config.minCount, 5, 0, 1000));
  const epsilon = numberSetting("Noise", config.epsilon, 0, 0, 100);
  if (epsilon > 0 && epsilon < 0.01) throw new Error("Noise must be 0 (none) or an epsilon from 0.01 to 100");
  const ledger = config.ledger ? chosenLedger(RED, config.ledger) : undefined;
  const occupancy = occupancyOf(RED, config, id);
  const disclosure = new Disclosure({ minCount, epsilon }, occupancy.masters[0] as Uint8Array);
  return { occupancy, local, disclosure, ledger, asViewer: config.asViewer ?? false };
}
