const NAME = { type: "string", minLength: 1, maxLength: 64 };
const TIMESTAMP = { type: ["string", "number"], maxLength: 40 };
const SEQUENCE = { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER };
const NUMBER = { type: "number" };

/** Members of a reading that are no quantities. */
const ABOUT = {
  device_id: NAME,
  client_id: NAME,
  user_id: NAME,
  group: NAME,
  topic: { type: "string", maxLength: 256 },
  timestamp: TIMESTAMP,
  sequence_no: SEQUENCE,
  message_rate: { type: "number", minimum: 0 },
};

/** Any other number is a quantity; text, lists and objects of unknown names are refused. */
const QUANTITY = `^(?!(?:${Object.keys(ABOUT).join("|")})$)[A-Za-z][A-Za-z0-9_]{0,63}$`;

/** Flat: a reading of Redoubt's, and the `sequence_no`, `cpu_usage`, `battery_level` form of some gateways. */
const READING = {
  type: "object",
  properties: ABOUT,
  patternProperties: { [QUANTITY]: NUMBER },
  additionalProperties: false,
  maxProperties: 64,
};

/** `{device_id, user_id, timestamp, sequence_number, sensors: {}, system: {}}`. */
const LOG = {
  type: "object",
  properties: {
    device_id: NAME,
    user_id: NAME,
    timestamp: TIMESTAMP,
    sequence_number: SEQUENCE,
    sensors: {
      type: "object",
      patternProperties: { "^[A-Za-z][A-Za-z0-9_]{0,63}$": { type: ["number", "boolean"] } },
      additionalProperties: false,
      minProperties: 1,
      maxProperties: 32,
    },
    system: {
      type: "object",
      properties: {
        battery_level: NUMBER,
        cpu_usage: NUMBER,
        wifi_signal: NUMBER,
        power_watts: NUMBER,
        network_activity: NUMBER,
      },
      additionalProperties: false,
    },
  },
  required: ["device_id", "sequence_number", "sensors"],
  additionalProperties: false,
};

/** What a listed device may send where nobody has said otherwise (JSON Schema, draft 7). */
export const BUILT_IN_SCHEMAS: readonly object[] = [READING, LOG];
