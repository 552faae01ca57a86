import { isJsonObject } from "../common/json.js";
import { TRUST_EVENTS, type TrustEvent, type TrustRulesTable } from "../common/trust.js";

export const HIGHEST_SCORE = 100;

export const DEFAULT_TRUST_RULES: TrustRulesTable = {
  points: { SECURITY_ALERT: -20, ANOMALY: -10, HEARTBEAT_LOST: -5, BATCH_RECEIPT: 1, HEARTBEAT: 1 },
  initialScore: HIGHEST_SCORE,
  quarantineBelow: 50,
  releaseAt: 60,
  recoverySec: 60,
  recoveryBurst: 1,
  heartbeatTimeoutSec: 45,
};

/** What lowers trust must not raise it by a slip of the keyboard, and the other way round. */
const LOWERS: ReadonlySet<TrustEvent> = new Set(["SECURITY_ALERT", "ANOMALY", "HEARTBEAT_LOST"]);
const NUMBERS = {
  initialScore: [0, HIGHEST_SCORE],
  quarantineBelow: [0, HIGHEST_SCORE],
  releaseAt: [0, HIGHEST_SCORE],
  recoverySec: [1, 86_400],
  recoveryBurst: [1, HIGHEST_SCORE],
  heartbeatTimeoutSec: [1, 86_400],
} as const satisfies Record<Exclude<keyof TrustRulesTable, "points">, readonly [number, number]>;

function wholeNumber(name: string, value: unknown, low: number, high: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= low && value <= high) return value;
  throw new Error(`trust rules: ${name} must be a whole number from ${low} to ${high}`);
}

function refuseOthers(given: object, known: readonly string[], what: string): void {
  const other = Object.keys(given).find((name) => !known.includes(name));
  if (other !== undefined) throw new Error(`trust rules: ${what} "${other.slice(0, 40)}" is not known`);
}

function readPoints(value: unknown): TrustRulesTable["points"] {
  if (!isJsonObject(value)) throw new Error("trust rules: there is no table of points");
  refuseOthers(value, TRUST_EVENTS, "event");
  const rule = (event: TrustEvent): [TrustEvent, number] => {
    if (value[event] === undefined) throw new Error(`trust rules: the event ${event} has no rule`);
    const [low, high] = LOWERS.has(event) ? [-HIGHEST_SCORE, 0] : [0, HIGHEST_SCORE];
    return [event, wholeNumber(event, value[event], low, high)];
  };
  return Object.fromEntries(TRUST_EVENTS.map(rule)) as TrustRulesTable["points"];
}

/**
 * Checks a table of trust rules. Every event has a rule, or the table is refused; what else is left out has its
 * default.
 *
 * @throws {Error} that names what is missing or wrong.
 */
export function readTrustRules(value: unknown): TrustRulesTable {
  if (!isJsonObject(value)) throw new Error("trust rules: they are not an object");
  refuseOthers(value, Object.keys(DEFAULT_TRUST_RULES), "setting");
  const rules: TrustRulesTable = { ...DEFAULT_TRUST_RULES, points: readPoints(value.points) };
  for (const [name, [low, high]] of Object.entries(NUMBERS)) {
    const setting = name as keyof typeof NUMBERS;
    if (value[setting] !== undefined) rules[setting] = wholeNumber(setting, value[setting], low, high);
  }
  if (rules.releaseAt <= rules.quarantineBelow) {
    throw new Error("trust rules: releaseAt must be above quarantineBelow, or devices go in and out of quarantine");
  }
  return rules;
}
