import { ALARM_SCOPES, type AlarmScope, type AlarmSetting, DEFAULT_ALARMS, parseAlarms } from "./alarm-settings.js";
import { hasFiniteCost, isMechanismName, type MechanismName } from "./mechanism-name.js";
import { type Limits, readChoice, readField, readNumber, readOptional } from "./read-setting.js";

export { UNITS_PER_KELVIN } from "./read-setting.js";

/**
 * What happens to a group's values once the day's budget is spent: `hold` repeats the last one, `suppress` sends
 * none, `alarm-only` sends none either but lets sparse-vector alarms go on beyond the budget.
 */
export const ON_EXHAUSTED = ["hold", "suppress", "alarm-only"] as const;
export type OnExhausted = (typeof ON_EXHAUSTED)[number];

/** `exact`: decided on raw readings; `sparse-vector`: on noisy zone means, at a privacy cost. */
export const ALARM_RELEASES = ["exact", "sparse-vector"] as const;
export type AlarmRelease = (typeof ALARM_RELEASES)[number];

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
  /** `quantize` publishes whole multiples of this; a multiple of 0.001. */
  step: number;
  /** Readings whose own time differs by more than this from the gateway's are refused; undefined: none are. */
  maxAge: number | undefined;
  /** Epsilon (at `delta`) that the releases of one UTC day may compose to, per group; undefined: no bound. */
  budgetDay: number | undefined;
  onExhausted: OnExhausted;
  alarms: readonly AlarmSetting[];
  alarmScope: AlarmScope;
  alarmRelease: AlarmRelease;
  /** Privacy loss per protected event through sparse-vector alarms, on top of `epsilon`. */
  alarmEpsilon: number;
}

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
  step: 1,
  maxAge: undefined,
  budgetDay: undefined,
  onExhausted: "hold",
  alarms: DEFAULT_ALARMS,
  alarmScope: "group",
  alarmRelease: "exact",
  alarmEpsilon: 10,
};

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
  step: { from: 0.001, to: 100, onUnits: true },
  alarmEpsilon: { from: 0.01, to: 1000 },
} as const satisfies Record<string, Limits>;

const MAX_AGE_LIMITS: Limits = { from: 1, to: 604_800 };
const BUDGET_LIMITS: Limits = { from: 0.01, to: 1e6 };
const CLIP_LIMITS: Limits = { from: -273.15, to: 10_000, onUnits: true };
/** Properties of the published message that are not the value. */
const RESERVED_FIELDS: ReadonlySet<string> = new Set(["timestamp", "group"]);

/** What one setting demands of another. */
function checkTogether(settings: MaskSettings): void {
  const { mechanism, budgetDay, alarmRelease, alarmScope, alarms } = settings;
  if (budgetDay !== undefined && !hasFiniteCost(mechanism)) {
    throw new RangeError(`budgetDay cannot be kept by ${mechanism}: each of its values costs more than any budget`);
  }
  if (alarmRelease === "exact") return;
  if (alarmScope !== "group") throw new RangeError("alarmScope must be group with sparse-vector alarms");
  const levels = alarms.filter((alarm) => !("source" in alarm));
  if (levels.length === 0) throw new RangeError("sparse-vector alarms need an alarm with a threshold");
  for (const { name, holdSec } of levels) {
    if (!Number.isInteger(holdSec) || holdSec < 1) {
      throw new RangeError(`alarm ${name}: with sparse-vector, holdSec must be a whole number from 1`);
    }
  }
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

  const settings: MaskSettings = {
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
    step: number("step"),
    maxAge: readOptional("maxAge", raw.maxAge, MAX_AGE_LIMITS),
    budgetDay: readOptional("budgetDay", raw.budgetDay, BUDGET_LIMITS),
    onExhausted: readChoice("onExhausted", raw.onExhausted, ON_EXHAUSTED, DEFAULT_SETTINGS.onExhausted),
    alarms: parseAlarms(raw.alarms),
    alarmScope: readChoice("alarmScope", raw.alarmScope, ALARM_SCOPES, DEFAULT_SETTINGS.alarmScope),
    alarmRelease: readChoice("alarmRelease", raw.alarmRelease, ALARM_RELEASES, DEFAULT_SETTINGS.alarmRelease),
    alarmEpsilon: number("alarmEpsilon"),
  };
  checkTogether(settings);
  return settings;
}

/** Published values are whole multiples of this, kelvin. */
export function publishedGrid(settings: MaskSettings): number {
  return settings.mechanism === "quantize" ? settings.step : settings.granularity;
}
