import type { NodeDef } from "node-red";
import { BASELINE_DEFAULTS } from "../../lib/anomaly/baseline/learner.js";
import { LocalNetworks } from "../../lib/anomaly/baseline/local-networks.js";
import { numberSetting } from "../common/number-setting.js";

export type BaselineConfig = NodeDef & Record<string, unknown>;

export interface BaselineSettings {
  /** As configured. */
  file: string;
  learnSeconds: number;
  by: "address" | "mac";
  local: string[];
  rate: number;
}

const HOUR_S = 3600;
const LEAST_HOURS = 0.01;
const MOST_HOURS = 24 * 31;

/** @throws {Error} that names the setting that cannot be. */
export function baselineSettings(config: BaselineConfig): BaselineSettings {
  const file = typeof config.file === "string" ? config.file.trim() : "";
  if (file === "") throw new Error("no file is named for what is learnt");
  const local = String(config.local ?? "")
    .split(/[\s,]+/)
    .filter((network) => network !== "");
  new LocalNetworks(local);
  const oneIn = numberSetting("one flow in", config.oneIn, 1 / BASELINE_DEFAULTS.rate, 10, 1_000_000);
  return {
    file,
    learnSeconds: HOUR_S * numberSetting("hours to learn", config.learnHours, 24, LEAST_HOURS, MOST_HOURS),
    by: config.by === "mac" ? "mac" : "address",
    local,
    rate: 1 / oneIn,
  };
}
