/** From when to when an alarm was on, milliseconds since the Unix epoch. */
export interface Episode {
  from: number;
  to: number;
}

/** Collects the episodes of one alarm from its changes. */
export class EpisodeLog {
  private readonly ended: Episode[] = [];
  private since: number | undefined;

  change(state: "on" | "off", at: number): void {
    if (state === "on") {
      this.since ??= at;
    } else if (this.since !== undefined) {
      this.ended.push({ from: this.since, to: at });
      this.since = undefined;
    }
  }

  /** @param end of the recording, which ends an alarm that is still on. */
  until(end: number): Episode[] {
    return this.since === undefined ? this.ended : [...this.ended, { from: this.since, to: end }];
  }
}

/** How well one series of alarms stands for another. */
export interface AlarmQuality {
  alarms: number;
  /** Share of the reference's alarms that have a counterpart; null where there are none. */
  recall: number | null;
  /** Alarms without a counterpart. */
  falseAlarms: number;
  falseAlarmsPerDay: number | null;
  /** Median of counterpart's beginning minus reference's, seconds; null without a counterpart. */
  medianDelaySec: number | null;
}

function median(values: number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}

/**
 * Two alarms are counterparts if they overlap, give or take `graceMs`.
 *
 * @param durationMs of the recording.
 */
export function compareEpisodes(
  reference: readonly Episode[],
  alarms: readonly Episode[],
  graceMs: number,
  durationMs: number,
): AlarmQuality {
  const overlap = (a: Episode, b: Episode) => a.from <= b.to + graceMs && b.from <= a.to + graceMs;
  const delays: number[] = [];
  for (const episode of reference) {
    const counterpart = alarms.find((alarm) => overlap(episode, alarm));
    if (counterpart) delays.push((counterpart.from - episode.from) / 1000);
  }
  const falseAlarms = alarms.filter((alarm) => !reference.some((episode) => overlap(episode, alarm))).length;
  return {
    alarms: alarms.length,
    recall: reference.length === 0 ? null : delays.length / reference.length,
    falseAlarms,
    falseAlarmsPerDay: durationMs > 0 ? falseAlarms / (durationMs / 86_400_000) : null,
    medianDelaySec: median(delays),
  };
}
