import type { NodeDef } from "node-red";
import type { HvacOptions } from "../../lib/hvac/hvac-options.js";

/** What the editor saves; numbers may arrive as text. */
export interface HvacControlConfig extends NodeDef {
  /** Name of the payload's temperature field. */
  field: string;
  setpoint: string | number;
  filterTau: string | number;
  deadBand: string | number;
  kp: string | number;
  /** Integral time in seconds (1/ki): easier to judge than a gain per second; 0 switches the integral off. */
  integralTime: string | number;
  baseSupply: string | number;
  minSupply: string | number;
  maxSupply: string | number;
  failSafe: string | number;
  staleAfter: string | number;
  overheat: string | number;
  overheatClear: string | number;
  undercool: string | number;
  undercoolClear: string | number;
  hold: string | number;
  doorDrop: string | number;
  noiseSigma: string | number;
  nightStart: string;
  nightEnd: string;
  timeZone: string;
  group: string;
}

/** @throws {RangeError} for an empty or non-numeric setting. */
function numberOf(config: HvacControlConfig, name: keyof HvacControlConfig): number {
  const value: unknown = config[name];
  const number = typeof value === "number" || (typeof value === "string" && value.trim() !== "") ? Number(value) : NaN;
  if (!Number.isFinite(number)) throw new RangeError(`${name} is not a number`);
  return number;
}

/** @throws {RangeError} that names the setting. */
export function optionsOf(config: HvacControlConfig): Partial<HvacOptions> {
  const integralTime = numberOf(config, "integralTime");
  if (integralTime < 0) throw new RangeError("integralTime must not be negative");
  return {
    setpointC: numberOf(config, "setpoint"),
    filterTauSec: numberOf(config, "filterTau"),
    deadBandK: numberOf(config, "deadBand"),
    kp: numberOf(config, "kp"),
    ki: integralTime === 0 ? 0 : 1 / integralTime,
    baseSupplyC: numberOf(config, "baseSupply"),
    minSupplyC: numberOf(config, "minSupply"),
    maxSupplyC: numberOf(config, "maxSupply"),
    failSafeC: numberOf(config, "failSafe"),
    staleAfterSec: numberOf(config, "staleAfter"),
    overheat: { op: ">=", threshold: numberOf(config, "overheat"), clear: numberOf(config, "overheatClear") },
    undercool: { op: "<=", threshold: numberOf(config, "undercool"), clear: numberOf(config, "undercoolClear") },
    alarmHoldSec: numberOf(config, "hold"),
    doorDropK: numberOf(config, "doorDrop"),
    noiseSigmaK: numberOf(config, "noiseSigma"),
    nightStart: config.nightStart,
    nightEnd: config.nightEnd,
    timeZone: config.timeZone,
    group: config.group,
  };
}
