import { isIdentifier } from "../common/identifier.js";
import type { JsonObject } from "../common/json.js";
import type { DeviceInfo } from "../common/message.js";
import { Rejection } from "../common/rejection.js";

/**
 * Who sent an authenticated payload: its `device_id`, or `defaultId` where it has none. With one key for several
 * devices the name is a claim of a key holder; only a key per device makes it proof.
 *
 * @param receivedAt milliseconds since the Unix epoch.
 * @throws {Rejection} SCHEMA for a `device_id` that is not an identifier.
 */
export function deviceOf(payload: JsonObject, profile: string, receivedAt: number, defaultId: string): DeviceInfo {
  const id = Object.hasOwn(payload, "device_id") ? payload.device_id : defaultId;
  if (!isIdentifier(id)) throw new Rejection("SCHEMA", "device_id is not 1 to 64 of A-Z a-z 0-9 . _ -");
  return { id, authenticated: true, profile, receivedAt };
}
