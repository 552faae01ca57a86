import { HoldAlarm } from "../../../lib/common/hold-alarm.js";
import { GroupAlarms } from "../../../lib/privacy/group-alarms.js";
import { DEFAULT_SETTINGS } from "../../../lib/privacy/settings.js";
import { DEFAULT_EVENT_RATES } from "../../../simulator/thermal/events.js";
import { type Contender, contenders, OURS } from "./contenders.js";
import { ControlLoop } from "./control-loop.js";
import { MaskPublisher, type Publisher, START_MS } from "./publishers.js";
import { OpenRoom, sensorReading } from "./room.js";

/** From when an alarm is raised to when it ends, seconds; Infinity while it lasts. */
export interface Episode {
  onSec: number;
  offSec: number;
}

/** How an alarm did against the truth. */
export interface AlarmScore {
  overheats: number;
  found: number;
  falseAlarms: number;
  days: number;
  /** Of each overheat that was found, seconds; negative: earlier than on sensors without noise. */
  delaysSec: number[];
}

/** Alarm and overheat belong together when they overlap, give or take this: a sensor's noise moves an edge. */
const TOLERANCE_SEC = 60;

function overlap(a: Episode, b: Episode): boolean {
  return a.onSec <= b.offSec + TOLERANCE_SEC && b.onSec <= a.offSec + TOLERANCE_SEC;
}

export function scoreAlarms(truth: readonly Episode[], alarms: readonly Episode[], days: number): AlarmScore {
  const delaysSec: number[] = [];
  for (const overheat of truth) {
    const first = alarms.find((alarm) => overlap(alarm, overheat));
    if (first) delaysSec.push(first.onSec - overheat.onSec);
  }
  const falseAlarms = alarms.filter((alarm) => !truth.some((overheat) => overlap(alarm, overheat))).length;
  return { overheats: truth.length, found: delaysSec.length, falseAlarms, days, delaysSec };
}

/** Turns changes of state into episodes. */
class EpisodeLog {
  readonly episodes: Episode[] = [];

  change(state: "on" | "off" | undefined, seconds: number): void {
    if (state === "on") this.episodes.push({ onSec: seconds, offSec: Number.POSITIVE_INFINITY });
    const last = this.episodes.at(-1);
    if (state === "off" && last) last.offSec = seconds;
  }
}

/** The mask's default alarm of that name. */
const OVERHEAT = { name: "overheat", op: ">=", threshold: 30, clear: 29.8, holdSec: 20 } as const;

/** Overheat by that alarm's own definition: what it says of sensors that round but have no noise. */
class TrueOverheat extends EpisodeLog {
  private readonly alarms = new GroupAlarms("zone", [OVERHEAT], "group");

  constructor(private readonly racks: number) {
    super();
  }

  accept(timestampMs: number, seconds: number, inletC: Float64Array, effectK: number): void {
    for (let rack = 0; rack < this.racks; rack++) {
      const air = sensorReading((inletC[rack] as number) + effectK);
      const [change] = this.alarms.update(`rack-${rack + 1}`, timestampMs, air, undefined, timestampMs);
      this.change(change?.state, seconds);
    }
  }
}

/** The seed's way: so many seconds of published values that are all at the threshold or above. */
class ValueTimer extends EpisodeLog {
  private readonly alarm = new HoldAlarm({
    holdSec: OVERHEAT.holdSec,
    level: { op: ">=", threshold: OVERHEAT.threshold },
  });

  accept(timestampMs: number, seconds: number, published: number): void {
    if (!Number.isNaN(published)) this.change(this.alarm.update(timestampMs, published), seconds);
  }
}

interface Lane {
  name: string;
  publisher: Publisher;
  loop: ControlLoop;
  racks: number;
  readings: Float64Array;
  truth: TrueOverheat;
  timer: ValueTimer;
  /** The mask's own alarms, where there is a mask. */
  trusted?: EpisodeLog;
}

export interface AlarmRun {
  seed: number;
  rateHz: number;
  racks: number;
  durationSec: number;
  isAnomaly: (reading: number) => boolean;
}

function laneOf(contender: Contender, run: AlarmRun): Lane {
  const racks = contender.about === "zone" ? run.racks : 1;
  const trusted = contender.name === OURS ? new EpisodeLog() : undefined;
  const publisher = trusted
    ? new MaskPublisher({ ...DEFAULT_SETTINGS, alarms: [OVERHEAT] }, racks, ({ state }, timestampMs) =>
        trusted.change(state, (timestampMs - START_MS) / 1000),
      )
    : contender.make(run);
  return {
    name: contender.name,
    publisher,
    loop: new ControlLoop(run.rateHz, contender.filterTauSec),
    racks,
    readings: new Float64Array(racks),
    truth: new TrueOverheat(racks),
    timer: new ValueTimer(),
    ...(trusted ? { trusted } : {}),
  };
}

/** By contender: the alarm on published values and, of the mask, the alarm it decides on raw readings. */
export type AlarmScores = Map<string, { value: AlarmScore; trusted?: AlarmScore }>;

/**
 * A bad day: cooling failures, near misses, gusts over single sensors and doors. No safety override acts on the
 * alarms, so that each failure runs its course.
 *
 * @param names of the contenders to watch.
 */
export function runAlarms(names: readonly string[], run: AlarmRun): AlarmScores {
  const { seed, rateHz, racks, durationSec } = run;
  const room = new OpenRoom({ seed, rateHz, racks, events: DEFAULT_EVENT_RATES });
  const lanes = contenders.filter(({ name }) => names.includes(name)).map((contender) => laneOf(contender, run));
  for (let step = 1; step <= durationSec * rateHz; step++) {
    room.step();
    const seconds = step / rateHz;
    const timestampMs = START_MS + Math.round(seconds * 1000);
    for (const { publisher, loop, readings, truth, timer } of lanes) {
      const effectK = loop.step();
      for (let rack = 0; rack < readings.length; rack++) {
        readings[rack] = sensorReading((room.sensedC[rack] as number) + effectK);
      }
      const published = publisher.accept(timestampMs, readings);
      truth.accept(timestampMs, seconds, room.inletC, effectK);
      timer.accept(timestampMs, seconds, published);
      if (!Number.isNaN(published)) loop.receive(timestampMs, published);
    }
  }
  const days = durationSec / 86_400;
  return new Map(
    lanes.map(({ name, truth, timer, trusted }) => [
      name,
      {
        value: scoreAlarms(truth.episodes, timer.episodes, days),
        ...(trusted ? { trusted: scoreAlarms(truth.episodes, trusted.episodes, days) } : {}),
      },
    ]),
  );
}
