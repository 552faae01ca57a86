import type { LedgerEvent, OperatorAction } from "../common/ledger-event.js";
import type {
  TrustChange,
  TrustEvidence,
  TrustOutcome,
  TrustRecord,
  TrustRulesTable,
  TrustView,
} from "../common/trust.js";
import { HIGHEST_SCORE } from "./rules.js";

type Withheld = NonNullable<TrustChange["withheld"]>;

interface Step {
  record: TrustRecord;
  withheld?: Withheld;
}

function newRecord(device: string, score: number, at: number, rules: TrustRulesTable): TrustRecord {
  const state = score < rules.quarantineBelow ? "quarantined" : "trusted";
  return { device, score, state, held: false, creditMs: 0, creditedTo: at, changedAt: at };
}

/** Into quarantine below one threshold, out of it from a higher one, never out of an operator's hands. */
function withState(record: TrustRecord, rules: TrustRulesTable): TrustRecord {
  if (record.held || record.score < rules.quarantineBelow) return { ...record, state: "quarantined" };
  if (record.score >= rules.releaseAt) return { ...record, state: "trusted" };
  return record;
}

/** After a loss earning starts from nothing: recovery is slower than loss. */
function lose(record: TrustRecord, points: number, at: number): TrustRecord {
  return { ...record, score: Math.max(0, record.score + points), creditMs: 0, creditedTo: at, changedAt: at };
}

/** A token bucket, in whole milliseconds: one point per `recoverySec`, of which `recoveryBurst` can be saved up. */
function earn(record: TrustRecord, points: number, at: number, rules: TrustRulesTable): Step {
  const price = rules.recoverySec * 1000;
  // A clock that was set back earns nothing, and counts from where it is now.
  const elapsed = Math.max(0, at - record.creditedTo);
  const creditMs = Math.min(rules.recoveryBurst * price, record.creditMs + elapsed);
  const wanted = Math.min(points, HIGHEST_SCORE - record.score);
  const granted = Math.min(wanted, Math.floor(creditMs / price));
  const filled: TrustRecord = { ...record, creditMs: creditMs - granted * price, creditedTo: at };
  const step: Step = { record: granted > 0 ? { ...filled, score: record.score + granted, changedAt: at } : filled };
  if (granted < wanted) step.withheld = "rate";
  return step;
}

function weigh(evidence: TrustEvidence, at: number, record: TrustRecord, rules: TrustRulesTable): Step {
  const points = rules.points[evidence.event];
  if (points < 0) return { record: lose(record, points, at) };
  if (points === 0 || record.score === HIGHEST_SCORE) return { record };
  if (record.score === 0) return { record, withheld: "zero" };
  if (evidence.event === "BATCH_RECEIPT" && evidence.attacks !== 0) return { record, withheld: "attacks" };
  return earn(record, points, at, rules);
}

function operate(action: OperatorAction, at: number, known: TrustRecord | undefined, rules: TrustRulesTable): Step {
  const record = known ?? newRecord(action.device, action.score ?? rules.initialScore, at, rules);
  switch (action.action) {
    case "register":
      // Registering again is no way out of a bad score.
      return { record };
    case "hold":
      return { record: { ...record, held: true, state: "quarantined", changedAt: at } };
    case "release": {
      const score = Math.max(action.score ?? Math.max(record.score, rules.releaseAt), rules.quarantineBelow);
      return {
        record: { ...record, score, state: "trusted", held: false, creditMs: 0, creditedTo: at, changedAt: at },
      };
    }
  }
}

/**
 * What one event does to the trust of the devices it speaks of. A pure function of the event, the records and the
 * rules, so that whoever has the log can work out every score again.
 *
 * Evidence that is not authenticated changes nothing, and so does everything before there are rules.
 */
export function applyTrust(event: LedgerEvent, view: TrustView): TrustOutcome {
  const { rules } = view;
  const changes: TrustChange[] = [];
  const records = new Map<string, TrustRecord>();
  if (!rules) return { changes, records: [] };

  const step = (device: string, rule: string, next: (known: TrustRecord | undefined) => Step) => {
    const known = records.get(device) ?? view.record(device);
    const { record, withheld } = next(known);
    records.set(device, record);
    const previous = known ? known.score : null;
    const { score, state } = record;
    if (known && known.score === score && known.state === state && known.held === record.held && !withheld) return;
    changes.push({ device, rule, previous, score, state, ...(withheld ? { withheld } : {}) });
  };

  const { operator } = event;
  if (operator) {
    step(operator.device, operator.action, (known) => operate(operator, event.at, known, rules));
  }
  for (const evidence of event.evidence ?? []) {
    if (!evidence.authenticated) continue;
    step(evidence.device, evidence.event, (known) => {
      const record = known ?? newRecord(evidence.device, rules.initialScore, event.at, rules);
      const weighed = weigh(evidence, event.at, record, rules);
      return { ...weighed, record: withState(weighed.record, rules) };
    });
  }
  return { changes, records: [...records.values()] };
}
