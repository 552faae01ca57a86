import type { SeededRandom } from "../../../lib/common/seeded-random.js";
import type { AttackSettings, Range } from "../attack-settings.js";
import type { Captures } from "../captures.js";
import type { Climate } from "../climate.js";
import type { DeviceClient } from "../device-client.js";
import type { ExpendablePublisher, Publisher } from "../publisher.js";
import type { AttackName } from "../scenario-names.js";
import type { TrainedTemperature } from "../training-rows.js";
import type { MessageLabel, ReportedReading } from "../truth.js";

/** What one time window of a scenario has to work with. */
export interface AttackContext {
  scenario: AttackName;
  episode: number;
  /** How long it will run, seconds. */
  durationSec: number;
  settings: AttackSettings;
  random: SeededRandom;
  /** Honest devices: victims. */
  fleet: readonly DeviceClient[];
  /** Devices that the attackers hold, with their keys and logins. */
  held: readonly DeviceClient[];
  /** A login that may publish and subscribe everywhere below `iot/`, without any key. */
  leaked: Publisher;
  /** The same login, and each held device's, for messages that the broker should refuse. */
  expendable: { leaked: ExpendablePublisher; held: readonly ExpendablePublisher[] };
  captures: Captures;
  trained: TrainedTemperature;
}

/** Starts a scenario; the returned function ends it. */
export type Attack = (context: AttackContext) => () => void;

export function labelOf({ scenario, episode }: AttackContext, reported: ReportedReading | null): MessageLabel {
  return { scenario, episode, isAttack: true, reported };
}

export function pick<T>(items: readonly T[], random: SeededRandom): T {
  return items[random.integer(items.length)] as T;
}

const tenth = (value: number) => Math.round(value * 10) / 10;

export function draw([low, high]: Range, random: SeededRandom): number {
  return tenth(low + random.uniform() * (high - low));
}

/** A reading with the scenario's values where it has some, and the room's elsewhere. */
export function forgedClimate({ settings, random }: AttackContext, room: Climate): Climate {
  const { temperature, humidity } = settings;
  return {
    temperature: temperature ? draw(temperature, random) : room.temperature,
    humidity: humidity ? draw(humidity, random) : room.humidity,
  };
}

export function stopAll(stops: readonly (() => void)[]): () => void {
  return () => {
    for (const stop of stops) stop();
  };
}
