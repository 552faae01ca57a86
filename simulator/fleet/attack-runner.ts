import { SeededRandom } from "../../lib/common/seeded-random.js";
import type { AttackSettingsTable } from "./attack-settings.js";
import type { Captures } from "./captures.js";
import type { DeviceClient } from "./device-client.js";
import type { Episode } from "./episodes.js";
import type { ExpendablePublisher, Publisher } from "./publisher.js";
import type { AttackName } from "./scenario-names.js";
import { ATTACKS_BY_NAME } from "./scenarios/attacks.js";
import type { ScheduledAttack } from "./schedule.js";
import type { TrainedTemperature } from "./training-rows.js";

/** In a run without end a device is given back to its owner this long after its scenario. */
const RECOVERY_MS = 5000;

export interface AttackRunnerOptions {
  schedule: Iterator<ScheduledAttack>;
  settings: AttackSettingsTable;
  seed: number;
  fleet: readonly DeviceClient[];
  /** Devices that the attackers hold, by scenario. */
  held: ReadonlyMap<AttackName, readonly DeviceClient[]>;
  leaked: Publisher;
  expendable: { leaked: ExpendablePublisher; of: (device: DeviceClient) => ExpendablePublisher };
  captures: Captures;
  trained: TrainedTemperature;
  /** Whether held devices go back to honest readings after their scenario; they fall silent otherwise. */
  recover: boolean;
  onChange?: (running: readonly AttackName[], episode: Episode, isBegin: boolean) => void;
}

/** Starts and ends the scheduled scenarios. */
export class AttackRunner {
  readonly episodes: Episode[] = [];
  private readonly running = new Map<Episode, () => void>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly random: SeededRandom;
  private begin = 0;
  private count = 0;

  constructor(private readonly options: AttackRunnerOptions) {
    this.random = new SeededRandom(options.seed);
  }

  get active(): AttackName[] {
    return [...this.running.keys()].map(({ scenario }) => scenario);
  }

  start(): void {
    this.begin = Date.now();
    this.scheduleNext();
  }

  /** Ends everything at once. */
  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    for (const episode of [...this.running.keys()]) this.end(episode);
    for (const timer of this.timers) clearTimeout(timer);
  }

  private after(ms: number, act: () => void): void {
    const timer = setTimeout(
      () => {
        this.timers.delete(timer);
        act();
      },
      Math.max(0, ms),
    );
    this.timers.add(timer);
  }

  /** The schedule is in the order of its starts; several may start together. */
  private scheduleNext(): void {
    const { done, value } = this.options.schedule.next();
    if (done) return;
    this.after(this.begin + value.startSec * 1000 - Date.now(), () => {
      this.run(value);
      this.scheduleNext();
    });
  }

  private run({ scenario, durationSec }: ScheduledAttack): void {
    const { settings, held, expendable, onChange } = this.options;
    const devices = held.get(scenario) ?? [];
    const episode: Episode = { number: ++this.count, scenario, begin: Date.now(), end: Number.POSITIVE_INFINITY };
    this.episodes.push(episode);
    const stop = ATTACKS_BY_NAME[scenario]({
      ...this.options,
      scenario,
      durationSec,
      episode: episode.number,
      settings: settings[scenario],
      random: new SeededRandom(this.random.uint32()),
      held: devices,
      expendable: { leaked: expendable.leaked, held: devices.map(expendable.of) },
    });
    this.running.set(episode, stop);
    onChange?.(this.active, episode, true);
    this.after(durationSec * 1000, () => this.end(episode));
  }

  private end(episode: Episode): void {
    this.running.get(episode)?.();
    this.running.delete(episode);
    episode.end = Date.now();
    this.options.onChange?.(this.active, episode, false);
    if (!this.options.recover) return;
    const devices = this.options.held.get(episode.scenario) ?? [];
    this.after(RECOVERY_MS, () => {
      for (const device of devices) device.start();
    });
  }
}
