import type { AlarmLevel } from "../common/hold-alarm.js";

/** Everything that can be set about the subscriber's side. Temperatures in degrees Celsius, differences in kelvin. */
export interface HvacOptions {
  setpointC: number;
  /** Filter time constant, seconds. 600 suits a masked stream (one noisy value a minute), 60 a raw sensor. */
  filterTauSec: number;
  /** Supply temperature at the set point before the integral has learnt anything. */
  baseSupplyC: number;
  minSupplyC: number;
  maxSupplyC: number;
  kp: number;
  /** Per second. */
  ki: number;
  deadBandK: number;
  /** A longer pause between readings counts as this long for the integral, seconds. */
  maxStepSec: number;
  overheat: AlarmLevel;
  undercool: AlarmLevel;
  /** How long overheat or undercool must last before the alarm, seconds by the readings' timestamps. */
  alarmHoldSec: number;
  /** A reading this far below the filtered value at night is an open door. */
  doorDropK: number;
  /** Deviation of the noise that the mask adds to each value, 0 for raw ones: a drop must exceed four of them. */
  noiseSigmaK: number;
  /** Local time of day `HH:MM`; equal times switch the night-door event off. */
  nightStart: string;
  nightEnd: string;
  /** IANA name of the zone of these two. */
  timeZone: string;
  /** Without a reading for this long the command is `failSafeC`, seconds. */
  staleAfterSec: number;
  /** Supply temperature while nothing is known. */
  failSafeC: number;
  /** Trusted alarms of this group only; empty: of any. */
  group: string;
  /** A reading whose timestamp is further ahead of the receiver's clock is refused, seconds. */
  maxAheadSec: number;
}

/**
 * Gains were chosen by simulation in the plant of `simulator/thermal` over three seeds of 24 h (grid: kp 0.5..3, ki
 * 1/600..1/2400 per s, dead band 0 and 0.5 K). Eight racks' mean per 60 s with noise of 0.95 K: deviation from the set
 * point 0.24 K and 0.7 K/h of actuator travel (4.7 K/h without the dead band; 0.43 K deviation without control). One
 * raw sensor with a 60 s filter: 0.40 K (0.66 K without control). The fail-safe temperature keeps an idle rack's inlet
 * above 21 and a full one's below 24 degrees in that plant.
 */
export const DEFAULT_HVAC_OPTIONS: HvacOptions = {
  setpointC: 25,
  filterTauSec: 600,
  baseSupplyC: 22.5,
  minSupplyC: 16,
  maxSupplyC: 27,
  kp: 1,
  ki: 1 / 1200,
  deadBandK: 0.5,
  maxStepSec: 120,
  overheat: { op: ">=", threshold: 30, clear: 29.8 },
  undercool: { op: "<=", threshold: 21, clear: 21.2 },
  alarmHoldSec: 20,
  doorDropK: 2,
  noiseSigmaK: 0,
  nightStart: "22:00",
  nightEnd: "05:00",
  timeZone: "UTC",
  staleAfterSec: 300,
  failSafeC: 20,
  group: "",
  maxAheadSec: 300,
};

/**
 * Fills in the defaults and checks what no part checks for itself.
 *
 * @throws {RangeError} that names the setting.
 */
export function hvacOptions(given: Partial<HvacOptions>): HvacOptions {
  const options = { ...DEFAULT_HVAC_OPTIONS, ...given };
  const { failSafeC, minSupplyC, maxSupplyC, doorDropK, noiseSigmaK, staleAfterSec, maxAheadSec } = options;
  if (!(failSafeC >= minSupplyC && failSafeC <= maxSupplyC)) {
    throw new RangeError("the fail-safe temperature must lie within the supply range");
  }
  if (!(doorDropK > 0)) throw new RangeError("the door drop must be positive");
  if (!(noiseSigmaK >= 0)) throw new RangeError("the noise deviation must not be negative");
  if (!(staleAfterSec > 0 && staleAfterSec <= MAX_STALE_AFTER_SEC)) {
    throw new RangeError(`the time without readings must be above 0 and at most ${MAX_STALE_AFTER_SEC} seconds`);
  }
  if (!(maxAheadSec >= 0)) throw new RangeError("maxAheadSec must not be negative");
  return options;
}

/** A week; also keeps the timer within what setTimeout can hold. */
const MAX_STALE_AFTER_SEC = 7 * 86_400;
