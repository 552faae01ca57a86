import { isIdentifier } from "../common/identifier.js";
import { isJsonObject, type JsonObject } from "../common/json.js";
import { LEDGER_KINDS, type LedgerEvent, type LedgerKind, type OperatorAction } from "../common/ledger-event.js";
import { Rejection } from "../common/rejection.js";
import { TRUST_EVENTS, type TrustEvent, type TrustEvidence, type TrustRulesTable } from "../common/trust.js";

const MEMBERS: ReadonlySet<string> = new Set(["kind", "at", "evidence", "operator", "rules", "detail"]);
const ACTIONS: readonly string[] = ["register", "release", "hold"] satisfies OperatorAction["action"][];
const MAX_REASON = 500;
/** Devices that one event may speak of; a batch of more is several events. */
const MAX_EVIDENCE = 256;

function refuse(reason: string): never {
  throw new Rejection("SCHEMA", `the ledger's event: ${reason}`);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function readEvidence(value: unknown): TrustEvidence {
  if (!isJsonObject(value)) refuse("evidence is not an object");
  const { device, event, authenticated, attacks, ...more } = value;
  if (!isIdentifier(device)) refuse("evidence names no device");
  if (!TRUST_EVENTS.includes(event as TrustEvent)) refuse("evidence is of a kind that no rule knows");
  if (typeof authenticated !== "boolean") refuse("evidence does not say whether it is authenticated");
  if (event === "BATCH_RECEIPT" ? !isCount(attacks) : attacks !== undefined) {
    refuse("a BATCH_RECEIPT, and nothing else, says how many attacks it held");
  }
  if (Object.keys(more).length > 0) refuse("evidence holds more than it may");
  return value as unknown as TrustEvidence;
}

function readOperator(value: unknown): OperatorAction {
  if (!isJsonObject(value)) refuse("an operator's action is not an object");
  const { action, device, by, reason, score, ...more } = value;
  if (!ACTIONS.includes(action as string)) refuse("the operator's action is not known");
  if (!isIdentifier(device)) refuse("the operator's action names no device");
  if (!isIdentifier(by)) refuse("the operator's action does not say who acts");
  if (typeof reason !== "string" || reason.trim() === "" || reason.length > MAX_REASON) {
    refuse(`an operator's action needs a reason of at most ${MAX_REASON} characters`);
  }
  if (score !== undefined && (!isCount(score) || score > 100 || action === "hold")) {
    refuse("the operator's score is not 0 to 100");
  }
  if (Object.keys(more).length > 0) refuse("an operator's action holds more than it may");
  return value as unknown as OperatorAction;
}

/**
 * Checks what is to be recorded. Kind `erase` is refused: only the ledger itself writes it.
 *
 * @throws {Rejection} SCHEMA with what is wrong. Rules are checked by whoever knows rules, depth and numbers where the
 *   event is written.
 */
export function readLedgerEvent(value: unknown): LedgerEvent {
  if (!isJsonObject(value)) refuse("it is not an object");
  const { kind, at, evidence, operator, rules, detail } = value;
  if (!LEDGER_KINDS.includes(kind as LedgerKind) || kind === "erase") refuse("its kind is not known");
  if (!isCount(at)) refuse("its time is not in milliseconds since 1970");
  if (Object.keys(value).some((member) => !MEMBERS.has(member))) refuse("it holds more than it may");
  if ((kind === "operator") !== (operator !== undefined)) refuse("an operator's action is of kind operator");
  if ((kind === "rules") !== (rules !== undefined)) refuse("trust rules are of kind rules");
  const event: LedgerEvent = { kind: kind as LedgerKind, at };
  if (evidence !== undefined) {
    if (!Array.isArray(evidence)) refuse("its evidence is not a list");
    if (evidence.length > MAX_EVIDENCE) refuse(`it holds more than ${MAX_EVIDENCE} pieces of evidence`);
    event.evidence = evidence.map(readEvidence);
  }
  if (operator !== undefined) event.operator = readOperator(operator);
  if (rules !== undefined) {
    if (!isJsonObject(rules)) refuse("its rules are not an object");
    event.rules = rules as unknown as TrustRulesTable;
  }
  if (detail !== undefined) {
    if (!isJsonObject(detail)) refuse("its detail is not an object");
    event.detail = detail as JsonObject;
  }
  return event;
}
