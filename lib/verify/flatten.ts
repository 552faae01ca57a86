import { isJsonObject, type JsonObject } from "../common/json.js";
import { Rejection } from "../common/rejection.js";

/** Members in which some devices keep their quantities. */
const GROUPS = ["sensors", "system"];
/** What says who and when; a quantity of that name stays where it is. */
const NOT_ABOVE: ReadonlySet<string> = new Set([
  "device_id",
  "client_id",
  "user_id",
  "timestamp",
  "sequence_no",
  "sequence_number",
]);

function isOther(members: JsonObject, name: string, value: unknown): boolean {
  return Object.hasOwn(members, name) && members[name] !== value;
}

/**
 * Brings the numbers in `sensors` and `system` to the top level, where models, limits and dashboards look for them.
 * Whatever else is in there stays.
 *
 * @returns a copy.
 * @throws {Rejection} SCHEMA for two different values of one name.
 */
export function flattened(payload: JsonObject): JsonObject {
  const flat: JsonObject = {};
  // Without the groups from the start: to delete a member would make the object a slow one for every stage behind.
  for (const name of Object.keys(payload)) {
    if (!(GROUPS.includes(name) && isJsonObject(payload[name]))) flat[name] = payload[name];
  }
  for (const group of GROUPS) {
    const members = payload[group];
    if (!isJsonObject(members)) continue;
    const rest: JsonObject = {};
    for (const name of Object.keys(members)) {
      const value = members[name];
      if (typeof value !== "number" || NOT_ABOVE.has(name)) {
        rest[name] = value;
        continue;
      }
      if (isOther(flat, name, value) || isOther(payload, name, value)) {
        throw new Rejection("SCHEMA", "the message has two different values of one quantity");
      }
      flat[name] = value;
    }
    if (Object.keys(rest).length > 0) flat[group] = rest;
  }
  return flat;
}
