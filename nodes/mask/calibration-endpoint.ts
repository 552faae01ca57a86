import type { NodeAPI } from "node-red";
import { calibrate } from "../../lib/privacy/calibration.js";
import { parseMaskSettings } from "../../lib/privacy/settings.js";

export const CALIBRATION_PATH = "/redoubt/mask/calibration";

/** Settings that calibration depends on; anything else in the query is refused. */
const SETTINGS: ReadonlySet<string> = new Set([
  "mechanism",
  "interval",
  "groupSize",
  "minGroup",
  "clipLow",
  "clipHigh",
  "sensitivity",
  "protectSec",
  "epsilon",
  "delta",
  "granularity",
  "sampleSigma",
  "step",
  "maxAge",
  "budgetDay",
  "onExhausted",
  "alarmRelease",
  "alarmEpsilon",
]);
const LONGEST_VALUE = 32;
const RATE_LIMITS = { from: 0.001, to: 1000 };

/** An alarm that stands for those of the form: only how often it is checked matters to its calibration. */
function checkedEvery(seconds: string): unknown[] {
  return [{ name: "check", op: ">=", threshold: 0, holdSec: Number(seconds) }];
}

function readQuery(query: Record<string, unknown>): { settings: Record<string, unknown>; rate: number } {
  const settings: Record<string, unknown> = {};
  let rate = 1;
  for (const [name, value] of Object.entries(query)) {
    if (typeof value !== "string" || value.length > LONGEST_VALUE) throw new RangeError("a setting is not short text");
    if (name === "rate") {
      rate = Number(value);
      if (!(rate >= RATE_LIMITS.from && rate <= RATE_LIMITS.to)) {
        throw new RangeError(`rate must be a number from ${RATE_LIMITS.from} to ${RATE_LIMITS.to}`);
      }
    } else if (name === "checkSec") {
      settings.alarms = checkedEvery(value);
    } else if (SETTINGS.has(name)) {
      settings[name] = value;
    } else {
      throw new RangeError("the query holds an unknown setting");
    }
  }
  return { settings, rate };
}

/**
 * Lets the editor show what settings amount to while they are typed, by the same code that the node runs:
 * GET with the settings as query (`checkSec`: shortest `holdSec` of the alarms), answered by the calibration as JSON (null for "no finite value") or by 400
 * {error}. Needs the right to read flows.
 */
export function serveCalibration(RED: NodeAPI): void {
  RED.httpAdmin.get(CALIBRATION_PATH, RED.auth.needsPermission("flows.read"), (request, response) => {
    try {
      const { settings, rate } = readQuery(request.query);
      response.json(calibrate(parseMaskSettings(settings), rate));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      response.status(400).json({ error: error.message });
    }
  });
}
