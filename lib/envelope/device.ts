import { isIdentifier } from "../common/identifier.js";
import type { JsonObject } from "../common/json.js";
import type { DeviceInfo } from "../common/message.js";
import { Rejection } from "../common/rejection.js";
import type { ReceivedMessage } from "./receiver.js";

/** The name in a payload; undefined where there is none. @throws {Rejection} SCHEMA for one that is no identifier. */
export function namedDevice(payload: JsonObject): string | undefined {
  const id = Object.hasOwn(payload, "device_id") ? payload.device_id : undefined;
  if (id !== undefined && !isIdentifier(id)) {
    throw new Rejection("SCHEMA", "device_id is not 1 to 64 of A-Z a-z 0-9 . _ -");
  }
  return id;
}

/**
 * Who sent an opened message: the name in its envelope where the profile has one, else its `device_id`, or `defaultId`
 * where it has none. With one key for several devices the latter is a claim of a key holder; only a key per device
 * makes it proof.
 *
 * @param receivedAt milliseconds since the Unix epoch.
 * @throws {Rejection} SCHEMA for a `device_id` that is not an identifier, TOPIC_MISMATCH for one that is not the name
 *   in the envelope.
 */
export function deviceOf(
  { payload, sender, authenticated }: Pick<ReceivedMessage, "payload" | "sender" | "authenticated">,
  profile: string,
  receivedAt: number,
  defaultId: string,
): DeviceInfo {
  const name = namedDevice(payload);
  if (sender && name !== undefined && name !== sender.device) {
    throw new Rejection("TOPIC_MISMATCH", "the message names another device than its envelope");
  }
  const id = sender?.device ?? name ?? defaultId;
  return { id, ...(sender && countedAs(sender)), authenticated, profile, receivedAt };
}

/** Epoch and counter as later stages carry them; a receiver accepts no counter that would not fit. */
export function countedAs({ epoch, counter }: { epoch: number; counter: bigint }): { epoch: number; counter: number } {
  return { epoch, counter: Number(counter) };
}
