import { readFileSync } from "node:fs";
import { isJsonObject, type JsonObject, parseJsonObject } from "../../lib/common/json.js";
import { Rejection } from "../../lib/common/rejection.js";
import { type AttackSettings, MAX_ATTACKERS, MAX_RATE_HZ, type Range } from "./attack-settings.js";
import { ATTACKS, type AttackName, isAttackName } from "./scenario-names.js";
import type { ScheduledAttack } from "./schedule.js";

/** What a scenario file may set; what it leaves out stays with the command line or the defaults. */
export interface ScenarioFile {
  durationSec?: number;
  attackRatio?: number;
  attacks: Partial<Record<AttackName, Partial<AttackSettings>>>;
  schedule?: ScheduledAttack[];
}

const MAX_DURATION_SEC = 86_400;

function onlyKeys(object: JsonObject, known: readonly string[], where: string): void {
  const other = Object.keys(object).find((key) => !known.includes(key));
  if (other !== undefined) {
    throw new Error(`${where} has a member ${JSON.stringify(other.slice(0, 64))}; there are: ${known.join(", ")}`);
  }
}

function numberIn(value: unknown, low: number, high: number, where: string): number {
  if (typeof value !== "number" || !(value >= low && value <= high)) {
    throw new Error(`${where} is not a number of ${low} to ${high}`);
  }
  return value;
}

function rangeOf(value: unknown, where: string): Range {
  if (!Array.isArray(value) || value.length !== 2) throw new Error(`${where} is not [low, high]`);
  const [low, high] = value.map((each) => numberIn(each, -1000, 1000, where)) as [number, number];
  if (low > high) throw new Error(`${where}: low is above high`);
  return [low, high];
}

function attackName(value: unknown, where: string): AttackName {
  if (!isAttackName(value)) throw new Error(`${where} is no scenario; there are: ${ATTACKS.join(", ")}`);
  return value;
}

function settingsOf(value: unknown, where: string): Partial<AttackSettings> {
  if (!isJsonObject(value)) throw new Error(`${where} is not an object`);
  onlyKeys(value, ["temperature", "humidity", "rate", "attackers"], where);
  const { temperature, humidity, rate, attackers } = value;
  const settings: Partial<AttackSettings> = {};
  if (temperature !== undefined) settings.temperature = rangeOf(temperature, `${where}.temperature`);
  if (humidity !== undefined) settings.humidity = rangeOf(humidity, `${where}.humidity`);
  if (rate !== undefined) settings.rateHz = numberIn(rate, 0.01, MAX_RATE_HZ, `${where}.rate`);
  if (attackers !== undefined) {
    settings.attackers = numberIn(attackers, 1, MAX_ATTACKERS, `${where}.attackers`);
    if (!Number.isInteger(attackers)) throw new Error(`${where}.attackers is not a whole number`);
  }
  return settings;
}

function attacksOf(value: unknown): ScenarioFile["attacks"] {
  if (!isJsonObject(value)) throw new Error("attacks is not an object");
  const attacks: ScenarioFile["attacks"] = {};
  for (const [key, settings] of Object.entries(value)) {
    attacks[attackName(key, `attacks: ${JSON.stringify(key)}`)] = settingsOf(settings, `attacks.${key}`);
  }
  return attacks;
}

function scheduleOf(value: unknown): ScheduledAttack[] {
  if (!Array.isArray(value) || value.length === 0) throw new Error("schedule is not a list of attacks");
  return value.map((entry: unknown, index) => {
    const where = `schedule[${index}]`;
    if (!isJsonObject(entry)) throw new Error(`${where} is not an object`);
    onlyKeys(entry, ["scenario", "start", "duration"], where);
    return {
      scenario: attackName(entry.scenario, `${where}.scenario`),
      startSec: numberIn(entry.start, 0, MAX_DURATION_SEC, `${where}.start`),
      durationSec: numberIn(entry.duration, 0.1, MAX_DURATION_SEC, `${where}.duration`),
    };
  });
}

/** Two time windows of one scenario would fight over its attackers. */
function refuseOverlaps(schedule: readonly ScheduledAttack[]): void {
  const ends = new Map<AttackName, number>();
  for (const { scenario, startSec, durationSec } of [...schedule].sort((a, b) => a.startSec - b.startSec)) {
    if (startSec < (ends.get(scenario) ?? 0)) throw new Error(`schedule: two of ${scenario} overlap`);
    ends.set(scenario, startSec + durationSec);
  }
}

/**
 * Reads a scenario file: `{"version": 1, "duration"?: s, "attack_ratio"?: 0..1, "attacks"?: {"<scenario>":
 * {"temperature"?: [low, high], "humidity"?: [low, high], "rate"?: messages/s, "attackers"?: n}}, "schedule"?:
 * [{"scenario", "start": s, "duration": s}]}`.
 *
 * @throws {Error} that names the member that is wrong.
 */
export function parseScenarioFile(text: string | Buffer): ScenarioFile {
  let document: JsonObject;
  try {
    document = parseJsonObject(text);
  } catch (error) {
    throw error instanceof Rejection ? new Error(error.reason) : error;
  }
  onlyKeys(document, ["version", "duration", "attack_ratio", "attacks", "schedule"], "the file");
  if (document.version !== 1) throw new Error("version is not 1");
  const { duration, attack_ratio: ratio, attacks, schedule } = document;
  const file: ScenarioFile = { attacks: attacks === undefined ? {} : attacksOf(attacks) };
  if (duration !== undefined) file.durationSec = numberIn(duration, 1, MAX_DURATION_SEC, "duration");
  if (ratio !== undefined) file.attackRatio = numberIn(ratio, 0.01, 1, "attack_ratio");
  if (schedule !== undefined) {
    file.schedule = scheduleOf(schedule);
    refuseOverlaps(file.schedule);
  }
  return file;
}

/** @throws {Error} that names the file and the member that is wrong. */
export function readScenarioFile(path: string): ScenarioFile {
  const bytes = readFileSync(path);
  try {
    return parseScenarioFile(bytes);
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`);
  }
}
