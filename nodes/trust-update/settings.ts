import type { NodeAPI, NodeDef } from "node-red";
import { TRUST_EVENTS, type TrustRulesTable } from "../../lib/common/trust.js";
import { EvidenceMap } from "../../lib/trust/evidence-map.js";
import { DEFAULT_TRUST_RULES, readTrustRules } from "../../lib/trust/rules.js";
import { chosenLedger, type LedgerNode } from "../common/ledger.js";
import { numberSetting } from "../common/number-setting.js";

export interface TrustUpdateConfig extends NodeDef {
  ledger: string;
  /** Id of a device registry, for the snapshot; may be empty or absent. */
  registry?: string;
  /** Points by event; text, as the form has it. */
  points: Record<string, string | number>;
  /** Rows `{observed, is, event}`. */
  evidence?: unknown;
  initialScore: string | number;
  quarantineBelow: string | number;
  releaseAt: string | number;
  recoverySec: string | number;
  recoveryBurst: string | number;
  heartbeatTimeoutSec: string | number;
  creditSec: string | number;
  operatorsOnly?: boolean;
}

export interface TrustUpdateSettings {
  ledger: LedgerNode;
  rules: TrustRulesTable;
  evidence: EvidenceMap;
  /** How long signs of life are collected, milliseconds. */
  creditMs: number;
}

/** A rule that was emptied in the form is a rule that is missing. */
function pointsOf(points: TrustUpdateConfig["points"] | undefined): Record<string, unknown> {
  if (points === undefined) return { ...DEFAULT_TRUST_RULES.points };
  const given = Object.entries(points).filter(([, value]) => String(value).trim() !== "");
  return Object.fromEntries(given.map(([event, value]) => [event, Number(value)]));
}

function rulesOf(config: TrustUpdateConfig): TrustRulesTable {
  const defaults = DEFAULT_TRUST_RULES;
  const number = (name: Exclude<keyof TrustRulesTable, "points">) =>
    numberSetting(name, config[name], defaults[name], 0, 86_400);
  return readTrustRules({
    points: pointsOf(config.points),
    initialScore: number("initialScore"),
    quarantineBelow: number("quarantineBelow"),
    releaseAt: number("releaseAt"),
    recoverySec: number("recoverySec"),
    recoveryBurst: number("recoveryBurst"),
    heartbeatTimeoutSec: number("heartbeatTimeoutSec"),
  });
}

/** @throws {Error} that says what to mend: the ledger, an event without a rule, a row that cannot be evidence. */
export function trustUpdateSettings(RED: NodeAPI, config: TrustUpdateConfig): TrustUpdateSettings {
  const rules = rulesOf(config);
  const evidence = EvidenceMap.read(config.evidence);
  const without = TRUST_EVENTS.find((event) => rules.points[event] === undefined);
  if (without) throw new Error(`trust rules: the event ${without} has no rule`);
  const ledger = chosenLedger(RED, config.ledger);
  return { ledger, rules, evidence, creditMs: numberSetting("Credits every", config.creditSec, 60, 1, 3600) * 1000 };
}
