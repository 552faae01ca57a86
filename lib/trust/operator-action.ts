import { isIdentifier } from "../common/identifier.js";
import { isJsonObject } from "../common/json.js";
import type { OperatorAction } from "../common/ledger-event.js";
import { refuseNetworkOrigin, requesterOf } from "../common/operator-request.js";
import { Rejection } from "../common/rejection.js";

const ACTIONS: readonly string[] = ["register", "release", "hold"] satisfies OperatorAction["action"][];
const MAX_REASON = 500;

/**
 * Reads `msg.operator = {action, device, reason, score?, by?}`.
 *
 * @throws {Rejection} AUTH where it came by the network; SCHEMA, RANGE.
 */
export function readOperatorAction(msg: { operator?: unknown }): OperatorAction {
  refuseNetworkOrigin(msg);
  const { operator } = msg;
  if (!isJsonObject(operator)) throw new Rejection("SCHEMA", "msg.operator is not an object");
  const { action, device, reason, score, by } = operator;
  if (!ACTIONS.includes(action as string)) {
    throw new Rejection("SCHEMA", `msg.operator.action is none of ${ACTIONS.join(", ")}`);
  }
  if (!isIdentifier(device)) throw new Rejection("SCHEMA", "msg.operator names no device");
  if (typeof reason !== "string" || reason.trim() === "") {
    throw new Rejection("SCHEMA", "an operator's action needs a reason");
  }
  if (reason.length > MAX_REASON) throw new Rejection("SIZE", `a reason has at most ${MAX_REASON} characters`);
  const given = { action: action as OperatorAction["action"], device, by: requesterOf(msg, by), reason: reason.trim() };
  if (score === undefined || score === null || score === "" || action === "hold") return given;
  const points = Number(score);
  if (!Number.isInteger(points) || points < 0 || points > 100) {
    throw new Rejection("RANGE", "an operator's score is a whole number from 0 to 100");
  }
  return { ...given, score: points };
}
