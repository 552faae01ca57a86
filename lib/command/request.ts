import { canonicalJson } from "../common/canonical-json.js";
import { isIdentifier } from "../common/identifier.js";
import { isJsonObject } from "../common/json.js";
import { requesterOf } from "../common/operator-request.js";
import { Rejection } from "../common/rejection.js";

/** What somebody wants a device to do. */
export interface CommandRequest {
  device: string;
  /** Name of the command, such as `fan_on`. */
  command: string;
  /** Name of the person's login. */
  user: string;
  /** JSON, as canonical text (RFC 8785); undefined where there are none. */
  argumentsText: string | undefined;
}

const COMMAND = /^[A-Za-z0-9._:-]{1,64}$/;
const MAX_ARGUMENT_BYTES = 1024;

function argumentsOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  const text = canonicalJson(value);
  const size = Buffer.byteLength(text);
  if (size > MAX_ARGUMENT_BYTES) {
    throw new Rejection("SIZE", `arguments of ${size} bytes exceed the limit of ${MAX_ARGUMENT_BYTES}`);
  }
  return text;
}

/**
 * Reads `msg.payload = {device_id, command, user?, arguments?}`.
 *
 * @throws {Rejection} SCHEMA, SIZE, RANGE or FORMAT.
 */
export function readCommand(msg: { payload?: unknown }): CommandRequest {
  const { payload } = msg;
  if (!isJsonObject(payload)) throw new Rejection("SCHEMA", "a command is an object: {device_id, command, arguments?}");
  const { device_id, command, user } = payload;
  if (!isIdentifier(device_id)) throw new Rejection("SCHEMA", "device_id is not 1 to 64 of A-Z a-z 0-9 . _ -");
  if (typeof command !== "string" || !COMMAND.test(command)) {
    throw new Rejection("SCHEMA", "command is not 1 to 64 of A-Z a-z 0-9 . _ : -");
  }
  return { device: device_id, command, user: requesterOf(msg, user), argumentsText: argumentsOf(payload.arguments) };
}
