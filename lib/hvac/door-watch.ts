import type { DailyHours } from "../common/daily-hours.js";
import type { AlarmState } from "../common/hold-alarm.js";

/** A drop must be this many deviations of the mask's noise: once in 31,574 values by chance (one-sided normal). */
const NOISE_SIGMAS = 4;

export interface DoorWatchOptions {
  doorDropK: number;
  noiseSigmaK: number;
}

/** Cold air through a door that is opened at night: a sudden drop below the filtered temperature. */
export class DoorWatch {
  private readonly dropK: number;
  private dropped = false;
  private reported = false;
  private current: AlarmState = "off";

  constructor(
    options: DoorWatchOptions,
    private readonly night: DailyHours,
  ) {
    this.dropK = Math.max(options.doorDropK, NOISE_SIGMAS * options.noiseSigmaK);
  }

  /**
   * @param dropK how far the reading is below the filtered value before it.
   * @returns the alarm's new state if this reading changed it.
   */
  reading(timestampMs: number, dropK: number): AlarmState | undefined {
    if (this.dropped) this.dropped = dropK > this.dropK / 2;
    else this.dropped = dropK > this.dropK && this.night.includes(timestampMs);
    return this.settle();
  }

  /** A prolonged anomaly that the mask saw on raw values began (at night) or ended. */
  trusted(timestampMs: number, isOn: boolean): AlarmState | undefined {
    this.reported = isOn && (this.reported || this.night.includes(timestampMs));
    return this.settle();
  }

  private settle(): AlarmState | undefined {
    const next: AlarmState = this.dropped || this.reported ? "on" : "off";
    if (next === this.current) return undefined;
    this.current = next;
    return next;
  }
}
