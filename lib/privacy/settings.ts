import { isIdentifier } from "../common/identifier.js";
import { type AlarmScope, type AlarmSetting, DEFAULT_ALARMS, parseAlarms } from "./alarm-settings.js";
import { isMechanismName, type MechanismName } from "./mechanism-name.js";

/** How a stream of readings is masked. Times in seconds, temperatures in kelvin or degrees Celsius. */
export interface MaskSettings {
  mechanism: MechanismName;
  /** Field of the reading that is masked. */
  field: string;
  /** Field of the published message. */
  outputField: string;
  /** One release per group and interval, at whole multiples of it since 1970 (UTC). */
  interval: number;
  /** Number of live sensors the noise is calibrated to (K); configured, never counted, or a lost sensor would leak. */
  groupSize: number;
  /** Fewer live sensors than this: no new value. */
  minGroup: number;
  /** Samples are clipped to this range before anything else. */
  clip: readonly [low: number, high: number];
  /** Largest change one protected event makes in the interval means, summed over the sensors of its group (S). */
  sensitivity: number;
  /** Length of the protected event with its thermal tail (w). */
  protectSec: number;
  /** Privacy loss allowed per protected event. */
  epsilon: number;
  delta: number;
  /** Published values are whole multiples of this; a multiple of 0.001. */
  granularity: number;
  /** Standard deviation of `gaussian-sample`; the other mechanisms derive theirs. */
  sampleSigma: number;
  alarms: readonly AlarmSetting[];
  alarmScope: AlarmScope;
}

/** Samples are rounded to this many units per kelvin before they are averaged. */
export const UNITS_PER_KELVIN = 1000;

export const DEFAULT_SETTINGS: MaskSettings = {
  mechanism: "gaussian-window",
  field: "temperature_C",
  outputField: "temperature",
  interval: 60,
  groupSize: 8,
  minGroup: 4,
  clip: [10, 45],
  sensitivity: 2,
  protectSec: 900,
  epsilon: 5,
  delta: 1e-5,
  granularity: 0.01,
  sampleSigma: 0.02,
  alarms: DEFAULT_ALARMS,
  alarmScope: "group",
};

interface Limits {
  from: number;
  to: number;
  whole?: boolean;
  /** Must be a multiple of 0.001. */
  onUnits?: boolean;
}

const NUMBERS = {
  interval: { from: 1, to: 86_400, whole: true },
  groupSize: { from: 1, to: 256, whole: true },
  minGroup: { from: 1, to: 256, whole: true },
  sensitivity: { from: 0.001, to: 1000 },
  protectSec: { from: 1, to: 604_800 },
  epsilon: { from: 0.01, to: 100 },
  delta: { from: 1e-12, to: 0.01 },
  granularity: { from: 0.001, to: 10, onUnits: true },
  sampleSigma: { from: 0.001, to: 1000, onUnits: true },
} as const satisfies Record<string, Limits>;

const CLIP_LIMITS: Limits = { from: -273.15, to: 10_000, onUnits: true };
/** Properties of the published message that are not the value. */
const RESERVED_FIELDS: ReadonlySet<string> = new Set(["timestamp", "group"]);

function isOnUnits(value: number): boolean {
  return Math.abs(value * UNITS_PER_KELVIN - Math.round(value * UNITS_PER_KELVIN)) < 1e-6;
}

/** Settings from forms and URLs are text; an empty one means the default. */
function readNumber(name: string, value: unknown, fallback: number, limits: Limits): number {
  if (value === undefined || value === null || value === "") return fallback;
  const number = typeof value === "string" ? Number(value) : value;
  if (typeof number !== "number" || !(number >= limits.from && number <= limits.to)) {
    throw new RangeError(`${name} must be a number from ${limits.from} to ${limits.to}`);
  }
  if (limits.whole && !Number.isInteger(number)) throw new RangeError(`${name} must be a whole number`);
  if (limits.onUnits && !isOnUnits(number)) throw new RangeError(`${name} must be a multiple of 0.001`);
  return number;
}

function readField(name: string, value: unknown, fallback: string): string {
  if (value === undefined || value === null || value === "") return fallback;
  if (!isIdentifier(value)) throw new RangeError(`${name} must be a property name of letters, digits, "_", "-" or "."`);
  return value;
}

/**
 * Reads settings as an editor form, a URL query or a command line gives them: numbers may be text, what is missing
 * or empty takes its default, unknown properties are ignored.
 *
 * @throws {RangeError} that names the first setting that is wrong and what it may be.
 */
export function parseMaskSettings(raw: Readonly<Record<string, unknown>>): MaskSettings {
  const mechanism = raw.mechanism || DEFAULT_SETTINGS.mechanism;
  if (!isMechanismName(mechanism)) throw new RangeError("mechanism is not one this version knows");
  const number = (name: keyof typeof NUMBERS) => readNumber(name, raw[name], DEFAULT_SETTINGS[name], NUMBERS[name]);

  const groupSize = number("groupSize");
  const minGroup = readNumber(
    "minGroup",
    raw.minGroup,
    Math.min(DEFAULT_SETTINGS.minGroup, groupSize),
    NUMBERS.minGroup,
  );
  if (minGroup > groupSize) throw new RangeError("minGroup must not be larger than groupSize");
  const low = readNumber("clipLow", raw.clipLow, DEFAULT_SETTINGS.clip[0], CLIP_LIMITS);
  const high = readNumber("clipHigh", raw.clipHigh, DEFAULT_SETTINGS.clip[1], CLIP_LIMITS);
  if (low >= high) throw new RangeError("clipLow must be below clipHigh");
  const outputField = readField("outputField", raw.outputField, DEFAULT_SETTINGS.outputField);
  if (RESERVED_FIELDS.has(outputField)) throw new RangeError(`outputField must not be "${outputField}"`);
  const alarmScope = raw.alarmScope || DEFAULT_SETTINGS.alarmScope;
  if (alarmScope !== "group" && alarmScope !== "sensor") throw new RangeError("alarmScope must be group or sensor");

  return {
    mechanism,
    field: readField("field", raw.field, DEFAULT_SETTINGS.field),
    outputField,
    interval: number("interval"),
    groupSize,
    minGroup,
    clip: [low, high],
    sensitivity: number("sensitivity"),
    protectSec: number("protectSec"),
    epsilon: number("epsilon"),
    delta: number("delta"),
    granularity: number("granularity"),
    sampleSigma: number("sampleSigma"),
    alarms: parseAlarms(raw.alarms),
    alarmScope,
  };
}
