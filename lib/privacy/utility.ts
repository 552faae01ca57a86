import { HoldAlarm } from "../common/hold-alarm.js";
import { RECOMMENDED_FILTER_SEC } from "./calibration.js";
import { type AlarmQuality, compareEpisodes, EpisodeLog } from "./episodes.js";
import { ErrorMeter, type ErrorSummary, FirstOrderFilter } from "./error-meter.js";
import { type AlarmChange, GroupAlarms } from "./group-alarms.js";
import type { Release } from "./mask.js";
import { DEFAULT_GROUP, type MaskReading } from "./reading.js";
import type { MaskSettings } from "./settings.js";
import type { LevelAlarm } from "./zone-alarm-calibration.js";

/** What masking costs the user of a recording. Kelvin and seconds. */
export interface UtilityReport {
  /** Published values against the true ones: zone means of intervals, or readings where each is published. */
  values: ErrorSummary;
  /** The same after the filter that subscribers are advised to use, and what that filter costs without noise. */
  filtered: ErrorSummary & { filterSec: number; withoutMask: ErrorSummary };
  durationSec: number;
  /** Per alarm with a threshold. The reference is the alarm's rule on the raw readings. */
  alarms: { alarm: string; reference: number; released: AlarmQuality; fromMaskedValues: AlarmQuality }[];
}

interface GroupUtility {
  truth: Map<string, { sum: number; count: number }>;
  filtered: FirstOrderFilter;
  filteredTruth: FirstOrderFilter;
  exact: GroupAlarms;
  onMasked: Map<string, HoldAlarm>;
  logs: Map<string, { reference: EpisodeLog; released: EpisodeLog; masked: EpisodeLog }>;
}

/** Compares a masked recording with what it was made of. Nothing of this exists in a running mask. */
export class UtilityMeter {
  private readonly groups = new Map<string, GroupUtility>();
  private readonly values = new ErrorMeter();
  private readonly afterFilter = new ErrorMeter();
  private readonly filterOnly = new ErrorMeter();
  private readonly levels: LevelAlarm[];
  private first: number | undefined;
  private last = 0;

  constructor(private readonly settings: MaskSettings) {
    this.levels = settings.alarms.filter((alarm): alarm is LevelAlarm => !("source" in alarm));
  }

  /** @param released the value published for this very reading, if its mechanism does so. */
  reading(reading: MaskReading, released: Release | undefined): void {
    const { device, group: name, timestamp, value } = reading;
    this.first ??= timestamp;
    this.last = timestamp;
    const group = this.group(name);
    const running = group.truth.get(device);
    if (running) {
      running.sum += value;
      running.count++;
    } else {
      group.truth.set(device, { sum: value, count: 1 });
    }
    for (const { alarm, state } of group.exact.update(device, timestamp, value, undefined, timestamp)) {
      group.logs.get(alarm)?.reference.change(state, timestamp);
    }
    if (released) this.compare(group, released, value, timestamp);
  }

  /** @param at time of the change, milliseconds since the Unix epoch. */
  alarms(changes: readonly AlarmChange[], at: number): void {
    for (const { alarm, state, group } of changes) this.group(group).logs.get(alarm)?.released.change(state, at);
  }

  endInterval(releases: readonly Release[], end: number): void {
    for (const release of releases) {
      const group = this.group(release.report.group ?? DEFAULT_GROUP);
      const means = Array.from(group.truth.values(), ({ sum, count }) => sum / count);
      if (means.length === 0) continue;
      this.compare(group, release, means.reduce((sum, mean) => sum + mean, 0) / means.length, end);
    }
    for (const { truth } of this.groups.values()) truth.clear();
  }

  report(): UtilityReport {
    const duration = this.last - (this.first ?? this.last);
    return {
      values: this.values.summary(),
      filtered: {
        filterSec: RECOMMENDED_FILTER_SEC,
        ...this.afterFilter.summary(),
        withoutMask: this.filterOnly.summary(),
      },
      durationSec: duration / 1000,
      alarms: this.levels.map((alarm) => this.alarmReport(alarm, duration)),
    };
  }

  private alarmReport({ name, holdSec }: LevelAlarm, duration: number): UtilityReport["alarms"][number] {
    const grace = 1000 * Math.max(holdSec, this.settings.interval);
    // Groups do not overlap: each is put on a stretch of time of its own.
    const far = 2 * (duration + grace) + 1;
    const all = (which: "reference" | "released" | "masked") =>
      [...this.groups.values()].flatMap(({ logs }, index) =>
        (logs.get(name)?.[which].until(this.last) ?? []).map(({ from, to }) => ({
          from: from + index * far,
          to: to + index * far,
        })),
      );
    const reference = all("reference");
    return {
      alarm: name,
      reference: reference.length,
      released: compareEpisodes(reference, all("released"), grace, duration),
      fromMaskedValues: compareEpisodes(reference, all("masked"), grace, duration),
    };
  }

  private compare(group: GroupUtility, { payload }: Release, truth: number, time: number): void {
    const masked = payload[this.settings.outputField] as number;
    this.values.add(masked - truth);
    this.afterFilter.add(group.filtered.next(masked, time) - truth);
    this.filterOnly.add(group.filteredTruth.next(truth, time) - truth);
    for (const [alarm, rule] of group.onMasked) {
      const state = rule.update(time, masked);
      if (state) group.logs.get(alarm)?.masked.change(state, time);
    }
  }

  private group(name: string): GroupUtility {
    let group = this.groups.get(name);
    if (!group) {
      group = {
        truth: new Map(),
        filtered: new FirstOrderFilter(RECOMMENDED_FILTER_SEC),
        filteredTruth: new FirstOrderFilter(RECOMMENDED_FILTER_SEC),
        exact: new GroupAlarms(name, this.levels, "group"),
        onMasked: new Map(this.levels.map((level) => [level.name, new HoldAlarm({ holdSec: level.holdSec, level })])),
        logs: new Map(
          this.levels.map(({ name: alarm }) => [
            alarm,
            { reference: new EpisodeLog(), released: new EpisodeLog(), masked: new EpisodeLog() },
          ]),
        ),
      };
      this.groups.set(name, group);
    }
    return group;
  }
}
