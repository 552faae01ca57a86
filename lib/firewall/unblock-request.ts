import { isJsonObject } from "../common/json.js";
import { refuseNetworkOrigin, requesterOf } from "../common/operator-request.js";
import { Rejection } from "../common/rejection.js";
import { parseIp } from "./ip-address.js";
import { parseMac } from "./target.js";

/** A person opens an address, or all. */
export interface UnblockRequest {
  /** Canonical; undefined for all. */
  target: string | undefined;
  /** Name of the person's login. */
  by: string;
  reason: string;
}

const MAX_REASON = 300;

/**
 * Reads `msg.payload = {target: address or MAC, reason}` or `{all: true, reason}`.
 *
 * @throws {Rejection} AUTH where it came by the network; SCHEMA, FORMAT, SIZE.
 */
export function readUnblockRequest(msg: { payload?: unknown }): UnblockRequest {
  refuseNetworkOrigin(msg);
  const { payload } = msg;
  if (!isJsonObject(payload)) throw new Rejection("SCHEMA", "to unblock takes {target, reason} or {all: true, reason}");
  const { target, all, reason, by } = payload;
  if (typeof reason !== "string" || reason.trim() === "") throw new Rejection("SCHEMA", "to unblock needs a reason");
  if (reason.length > MAX_REASON) throw new Rejection("SIZE", `a reason has at most ${MAX_REASON} characters`);
  const who = { by: requesterOf(msg, by), reason: reason.trim().replaceAll(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, "?") };
  if (all === true && target === undefined) return { target: undefined, ...who };
  const given = typeof target === "string" ? target.trim() : target;
  const address = parseIp(given)?.text ?? parseMac(given);
  if (address === undefined) throw new Rejection("FORMAT", "target is neither an IP address nor a MAC");
  return { target: address, ...who };
}
