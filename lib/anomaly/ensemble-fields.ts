import type { JsonObject } from "../common/json.js";
import { Rejection } from "../common/rejection.js";
import { ENSEMBLE_RULES, type EnsembleMember, type EnsembleRule, type MemberModel, majorityOf } from "./ensemble.js";
import { arrayAt, numberAt, objectAt } from "./json-fields.js";
import type { EnsembleModel } from "./model.js";
import { GUARD_KEYS, guardsAt, HEAD_KEYS, headOfAnyWidth } from "./model-fields.js";

export const MAX_MEMBERS = 50;

function calibrationAt(value: unknown, path: string, rule: EnsembleRule): EnsembleMember["calibration"] {
  if (rule === "majority") {
    if (value !== null) throw new Rejection("SCHEMA", `${path} is there, though a majority needs none`);
    return null;
  }
  const fields = objectAt(value, path, ["mean", "sd"]);
  return {
    mean: numberAt(fields.mean, `${path}.mean`, { min: 0, max: 1 }),
    sd: numberAt(fields.sd, `${path}.sd`, { min: 0, max: 1 }),
  };
}

/**
 * Reads an ensemble, whose members are whole models.
 *
 * @param memberAt reads a member from its object and its path.
 * @throws {Rejection} SCHEMA or RANGE naming the property.
 */
export function ensembleAt(json: JsonObject, memberAt: (value: unknown, path: string) => MemberModel): EnsembleModel {
  const own = ["format", "version", "kind", ...HEAD_KEYS, "rule", "threshold", ...GUARD_KEYS, "members"];
  const model = objectAt(json, "model", own);
  const head = headOfAnyWidth(model, "");
  const rule = ENSEMBLE_RULES.find((name) => name === model.rule);
  if (!rule) throw new Rejection("SCHEMA", `rule is none of ${ENSEMBLE_RULES.join(", ")}`);
  const known = new Set(head.featureNames);
  const members = arrayAt(model.members, "members", 2, MAX_MEMBERS).map((entry, i) => {
    const path = `members[${i}]`;
    const fields = objectAt(entry, path, ["calibration", "model"]);
    const member = memberAt(fields.model, `${path}.model`);
    const stranger = member.featureNames.find((name) => !known.has(name));
    if (stranger !== undefined) throw new Rejection("SCHEMA", `featureNames lacks "${stranger}" of ${path}`);
    return { model: member, calibration: calibrationAt(fields.calibration, `${path}.calibration`, rule) };
  });
  const threshold = numberAt(model.threshold, "threshold", { above: 0, max: 1 });
  if (rule === "majority" && threshold !== majorityOf(members.length)) {
    throw new Rejection("RANGE", `threshold is not a majority of ${members.length} members`);
  }
  return {
    kind: "ensemble",
    origin: "redoubt",
    originVersion: null,
    scaler: null,
    ...head,
    ensemble: { rule, members, threshold },
    ...guardsAt(model, "", head.featureNames.length),
  };
}
