import { type CusumParameters, CusumState } from "./cusum.js";
import { Absence, OwnLevelState } from "./own-level.js";

const MAX_DEVICES = 10_000;

/** What is remembered of one device. */
interface DeviceState {
  /** One per feature, as the next. */
  common: CusumState[];
  own: (OwnLevelState | undefined)[];
  absence: Absence;
}

/** Watches every device's features for slow shifts; remembers the devices that were heard of last. */
export class DriftDetector {
  /** Least recently used first. */
  private readonly devices = new Map<string, DeviceState>();

  /**
   * @param parameters one CUSUM per feature.
   * @param maxDevices beyond this many the device that was silent longest is forgotten.
   */
  constructor(
    private readonly parameters: readonly CusumParameters[],
    private readonly maxDevices = MAX_DEVICES,
  ) {}

  get deviceCount(): number {
    return this.devices.size;
  }

  /**
   * Adds one reading of a device.
   *
   * @param row one value per feature; NaN (missing) leaves that feature's state alone.
   * @param at its reception, milliseconds since the Unix epoch, where it is known: after a silence a device's own level
   *   is learned anew, because it may have been moved.
   * @returns per feature the statistic over its decision interval, of the common level or the device's own, whichever is
   *   larger: an alarm from 1 on, 0 where the value is missing.
   */
  add(device: string, row: Float64Array, at?: number): Float64Array {
    const state = this.stateOf(device);
    if (at !== undefined && state.absence.endsAt(at)) state.own = this.ownLevels();
    const excess = new Float64Array(row.length);
    for (const [feature, parameters] of this.parameters.entries()) {
      const value = row[feature] as number;
      if (Number.isNaN(value)) continue;
      const common = (state.common[feature] as CusumState).add(value, parameters) / parameters.decisionInterval;
      const { ownLevel } = parameters;
      const own = ownLevel ? (state.own[feature]?.watch(value, ownLevel) ?? 0) : 0;
      excess[feature] = Math.max(common, own);
    }
    return excess;
  }

  /** Lets a device's own level follow a reading that nothing was wrong with. */
  follow(device: string, row: Float64Array): void {
    const state = this.devices.get(device);
    if (!state) return;
    for (const [feature, { ownLevel }] of this.parameters.entries()) {
      const value = row[feature] as number;
      if (ownLevel && !Number.isNaN(value)) state.own[feature]?.follow(value, ownLevel);
    }
  }

  /** A device's own level of a feature; NaN where it is not watched or not learned. */
  ownLevel(device: string, feature: number): number {
    const ownLevel = this.parameters[feature]?.ownLevel;
    return ownLevel ? (this.devices.get(device)?.own[feature]?.level(ownLevel) ?? Number.NaN) : Number.NaN;
  }

  private stateOf(device: string): DeviceState {
    let state = this.devices.get(device);
    if (state) {
      this.devices.delete(device);
    } else {
      state = { common: this.parameters.map(() => new CusumState()), own: this.ownLevels(), absence: new Absence() };
      if (this.devices.size >= this.maxDevices) {
        const oldest = this.devices.keys().next();
        if (!oldest.done) this.devices.delete(oldest.value);
      }
    }
    this.devices.set(device, state);
    return state;
  }

  private ownLevels(): (OwnLevelState | undefined)[] {
    return this.parameters.map(({ ownLevel }) => (ownLevel ? new OwnLevelState() : undefined));
  }
}
