import { type CusumParameters, CusumState } from "./cusum.js";

const MAX_DEVICES = 10_000;

/** Watches every device's features for slow shifts; remembers the devices that were heard of last. */
export class DriftDetector {
  /** Least recently used first. */
  private readonly devices = new Map<string, CusumState[]>();

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
   * @returns per feature the statistic over its decision interval: an alarm from 1 on, 0 where the value is missing.
   */
  add(device: string, row: Float64Array): Float64Array {
    let states = this.devices.get(device);
    if (states) {
      this.devices.delete(device);
    } else {
      states = this.parameters.map(() => new CusumState());
      if (this.devices.size >= this.maxDevices) {
        const oldest = this.devices.keys().next();
        if (!oldest.done) this.devices.delete(oldest.value);
      }
    }
    this.devices.set(device, states);
    const excess = new Float64Array(row.length);
    for (const [feature, parameters] of this.parameters.entries()) {
      const value = row[feature] as number;
      if (Number.isNaN(value)) continue;
      excess[feature] = (states[feature] as CusumState).add(value, parameters) / parameters.decisionInterval;
    }
    return excess;
  }
}
