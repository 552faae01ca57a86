import { DailyHours } from "../common/daily-hours.js";
import { HoldAlarm } from "../common/hold-alarm.js";
import { Rejection } from "../common/rejection.js";
import type { HvacAlarm, TrustedAlarm } from "./alarms.js";
import { DoorWatch } from "./door-watch.js";
import { EwmaFilter } from "./ewma-filter.js";
import { type HvacOptions, hvacOptions } from "./hvac-options.js";
import { PiController } from "./pi-controller.js";
import { SafetyOverride, type SafetyOverrideName } from "./safety-override.js";

/** What the air conditioner is told; field names as on the wire. */
export interface HvacCommand {
  /** ISO 8601. */
  timestamp: string;
  /** Two decimals. */
  supply_temperature_C: number;
  setpoint_C: number;
  /** Filtered temperature the command rests on; null before the first reading. */
  filtered_C: number | null;
  override: SafetyOverrideName | "no-data" | null;
}

/** What one input leads to; no command where it leaves the last one in force. */
export interface HvacOutput {
  command?: HvacCommand;
  alarms: HvacAlarm[];
  /** The reading only repeated the one before it: it does not count as data. */
  repeated?: true;
}

/** No air in a server room is outside this: such a value is a fault of the sensor or the sender. */
const PLAUSIBLE_C = { low: -40, high: 125 };

/**
 * The subscriber's side of a cooling zone: filter, PI control, alarms on what is received, and the safety override by
 * alarms that the mask decided on raw values. Holds no timer; the owner calls {@link dataLost} when readings stay out.
 */
export class HvacController {
  readonly options: HvacOptions;
  private readonly filter: EwmaFilter;
  private readonly controller: PiController;
  private readonly overheat: HoldAlarm;
  private readonly undercool: HoldAlarm;
  private readonly door: DoorWatch;
  private readonly safety = new SafetyOverride();
  private blind = false;
  private newestMs = Number.NEGATIVE_INFINITY;
  private lastC: number | undefined;
  private controlC: number;

  /** @throws {RangeError} that names the setting which makes no controller. */
  constructor(options: Partial<HvacOptions> = {}) {
    this.options = hvacOptions(options);
    this.filter = new EwmaFilter({ tauSec: this.options.filterTauSec });
    this.controller = new PiController(this.options);
    this.overheat = new HoldAlarm({ level: this.options.overheat, holdSec: this.options.alarmHoldSec });
    this.undercool = new HoldAlarm({ level: this.options.undercool, holdSec: this.options.alarmHoldSec });
    const { nightStart, nightEnd, timeZone } = this.options;
    this.door = new DoorWatch(this.options, new DailyHours(nightStart, nightEnd, timeZone));
    this.controlC = this.options.baseSupplyC;
  }

  /**
   * Takes one reading.
   *
   * The mask repeats its last value where it has too few live sensors, and fresh noise never repeats itself for long:
   * with a noise deviation set, a value equal to the one before it counts as silence. The command stays as it is, and
   * the owner's watchdog runs on.
   *
   * @param timestampMs the reading's own time, milliseconds since the Unix epoch: the only clock the control uses.
   * @param temperatureC degrees Celsius.
   * @param nowMs receiver's clock; where given, a reading from the future is refused, which would otherwise make every
   *   later one look old.
   * @throws {Rejection} STALE, RANGE; the controller is then as before.
   */
  accept(timestampMs: number, temperatureC: number, nowMs?: number): HvacOutput {
    if (!(temperatureC >= PLAUSIBLE_C.low && temperatureC <= PLAUSIBLE_C.high)) {
      throw new Rejection("RANGE", `the temperature is outside ${PLAUSIBLE_C.low}..${PLAUSIBLE_C.high}`);
    }
    if (nowMs !== undefined && timestampMs > nowMs + this.options.maxAheadSec * 1000) {
      throw new Rejection("RANGE", "the reading's timestamp is in the future");
    }
    if (timestampMs <= this.newestMs) {
      throw new Rejection("STALE", "the reading is not newer than the one before it");
    }
    this.newestMs = timestampMs;
    if (this.options.noiseSigmaK > 0 && temperatureC === this.lastC) {
      return { command: this.command(timestampMs), alarms: [], repeated: true };
    }
    this.lastC = temperatureC;
    const before = this.filter.value ?? temperatureC;
    const { filtered, stepSec } = this.filter.update(timestampMs, temperatureC);
    const alarms: HvacAlarm[] = [];
    if (this.blind) {
      this.blind = false;
      alarms.push(alarmAt("no-data", "off", timestampMs, "received"));
    }
    this.levelAlarms(timestampMs, temperatureC, alarms);
    // After a restart of the filter there is nothing to compare with.
    const door = this.door.reading(timestampMs, stepSec > 0 ? before - temperatureC : 0);
    if (door) alarms.push(alarmAt("night-door", door, timestampMs, "received"));
    // Under an override the command is not the controller's: its integral must not learn from what it did not do.
    this.controlC = this.controller.update(filtered, this.safety.active ? 0 : stepSec);
    return { command: this.command(timestampMs), alarms };
  }

  /**
   * Takes an alarm that the mask decided on raw values.
   *
   * @param nowMs receiver's clock; an alarm from a clock that runs ahead counts as of now, so that it neither is lost
   *   nor makes the next one look old.
   * @returns a command at once if the safety override changed.
   * @throws {Rejection} STALE, RANGE.
   */
  trustedAlarm(received: TrustedAlarm, nowMs = received.sinceMs): HvacOutput {
    const alarms: HvacAlarm[] = [];
    if (this.options.group !== "" && received.group !== this.options.group) return { alarms };
    const alarm = { ...received, sinceMs: Math.min(received.sinceMs, nowMs) };
    const before = this.safety.active;
    this.safety.update(alarm);
    if (alarm.alarm === "prolonged-anomaly") {
      const door = this.door.trusted(alarm.sinceMs, this.safety.isOn("prolonged-anomaly"));
      if (door) alarms.push(alarmAt("night-door", door, alarm.sinceMs, "trusted", alarm.group));
    }
    if (this.safety.active === before) return { alarms };
    return { command: this.command(Math.max(alarm.sinceMs, this.newestMs)), alarms };
  }

  /**
   * Tells that no reading came for `staleAfterSec`: fail-safe command and alarm, once until readings are back.
   *
   * @param nowMs receiver's clock, the time of the command.
   */
  dataLost(nowMs: number): HvacOutput {
    if (this.blind) return { alarms: [] };
    this.blind = true;
    return { command: this.command(nowMs), alarms: [alarmAt("no-data", "on", nowMs, "received")] };
  }

  private levelAlarms(timestampMs: number, temperatureC: number, alarms: HvacAlarm[]): void {
    for (const name of ["overheat", "undercool"] as const) {
      const state = this[name].update(timestampMs, temperatureC);
      if (state) alarms.push(alarmAt(name, state, this[name].since ?? timestampMs, "received"));
    }
  }

  private command(timestampMs: number): HvacCommand {
    const { minSupplyC, maxSupplyC, failSafeC, setpointC } = this.options;
    const override = this.safety.active ?? (this.blind ? "no-data" : null);
    let supplyC = this.controlC;
    if (override === "overheat") supplyC = minSupplyC;
    else if (override === "undercool") supplyC = maxSupplyC;
    else if (override === "no-data") supplyC = failSafeC;
    const filtered = this.filter.value;
    return {
      timestamp: new Date(timestampMs).toISOString(),
      supply_temperature_C: round2(supplyC),
      setpoint_C: setpointC,
      filtered_C: filtered === undefined ? null : round2(filtered),
      override,
    };
  }
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}

function alarmAt(
  alarm: HvacAlarm["alarm"],
  state: HvacAlarm["state"],
  sinceMs: number,
  source: HvacAlarm["source"],
  group = "",
): HvacAlarm {
  return { alarm, state, since: new Date(sinceMs).toISOString(), source, ...(group === "" ? {} : { group }) };
}
