// The parts of test/vectors/cose-a128gcm.json that are about devices: commands to them, the record that gives them
// their key, and the JSON of what they measure. Made with node:crypto and node:zlib alone, as the envelopes are.
import { provisioningCases, readingCases } from "./firmware-records.js";

/** How the firmware answers; the names are those of `redoubt_status_name`. */
export type Outcome =
  | "OK"
  | "SIZE"
  | "FORMAT"
  | "TOPIC_MISMATCH"
  | "AUTH"
  | "REPLAY"
  | "STALE"
  | "SCHEMA"
  | "RANGE"
  | "OTHER_DEVICE";

/** A message on a device's command topic; bytes are hex. */
export interface CommandCase {
  name: string;
  deviceKey: string;
  device: string;
  topic: string;
  /** The device's clock, milliseconds since the Unix epoch; 0 for none. */
  now: number;
  /** Number of the last command that the device has taken. */
  last: number;
  message: string;
  outcome: Outcome;
  /** Where it is accepted. */
  accepted?: { command: string; id: string; number: number; expires: number; arguments: string | null };
}

/** A provisioning record. */
export interface ProvisioningCase {
  name: string;
  text: string;
  outcome: Outcome;
  /** Where it is accepted; the key is hex, the password empty for none. */
  record?: { device: string; epoch: number; key: string; password: string };
}

export interface QuantityInput {
  name: string;
  kind: "number" | "boolean" | "text";
  /** null: not measured. */
  value: number | boolean | string | null;
  /** Digits after the decimal point; of a number. */
  decimals: number;
}

/** What a device measured, and its JSON. */
export interface ReadingCase {
  name: string;
  device: string;
  sequence: number;
  /** Milliseconds since the Unix epoch; 0 for a device without a clock. */
  timestamp: number;
  /** Percent; null: not measured. */
  cpu: number | null;
  battery: number | null;
  quantities: QuantityInput[];
  json: string;
}

export interface FirmwareVectors {
  command: CommandCase[];
  provisioning: ProvisioningCase[];
  reading: ReadingCase[];
}

/** Seals with node:crypto: the function that makes the envelopes' vectors. */
export type SealText = (inputs: {
  deviceKey: string;
  device: string;
  epoch: number;
  counter: string;
  bootId: string;
  topic: string;
  plaintext: string;
}) => string;

const DEVICE = "pump-1";
const TOPIC = "iot/devices/pump-1/cmd";
const KEY = "5bd1e6a2f70c94383ae81f6d02b7c459d80e63f41295ab7c0fd34e8661b90a27";
const NEXT_KEY = "9ad04c71e6b85f2290c3ef5b7a1d48670b52f9a8c41e6d3397fa02856bce1d40";
const OTHER_KEY = "c41f0ad7783be5926d10f8a354ce2b97e1066fb25d8894a33e7ac90b15f2d860";
const BOOT_ID = "41d7a90c5be2f386";
const EXPIRES = Date.UTC(2026, 5, 1, 12, 0, 30);
const NOW = EXPIRES - 25_000;

const hex = (text: string | Buffer) => Buffer.from(text).toString("hex");

function documentOf(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    ...{ device_id: DEVICE, command_id: "9d2c41f07ab3e865", command: "fan_on" },
    ...{ counter: 65, timestamp: new Date(EXPIRES - 30_000).toISOString(), expires: new Date(EXPIRES).toISOString() },
    ...changes,
  };
}

function commandCases(seal: SealText): CommandCase[] {
  const base = { deviceKey: KEY, device: DEVICE, topic: TOPIC, now: NOW, last: 64 };
  const sealed = (plaintext: string | Buffer, changes: Partial<Parameters<SealText>[0]> = {}) =>
    seal({
      ...{ deviceKey: KEY, device: DEVICE, epoch: 1, counter: "0000000000000041", bootId: BOOT_ID, topic: TOPIC },
      plaintext: hex(plaintext),
      ...changes,
    });
  const text = (changes?: Record<string, unknown>) => JSON.stringify(documentOf(changes));
  const accepted = (name: string, changes: Record<string, unknown> = {}, more: Partial<CommandCase> = {}) => {
    const { command, command_id, counter, arguments: given } = documentOf(changes);
    const found: CommandCase = {
      ...{ name, ...base, message: sealed(text(changes)), outcome: "OK" as const },
      accepted: {
        command: command as string,
        id: (command_id as string | undefined) ?? "",
        number: counter as number,
        expires: EXPIRES,
        arguments: given === undefined ? null : JSON.stringify(given),
      },
      ...more,
    };
    return found;
  };
  const refused = (name: string, outcome: Outcome, message: string, more: Partial<CommandCase> = {}): CommandCase => ({
    ...{ name, ...base, message, outcome },
    ...more,
  });
  const says = (name: string, outcome: Outcome, changes: Record<string, unknown>) =>
    refused(name, outcome, sealed(text(changes)));
  const valid = sealed(text());
  const flip = (at: number) => {
    const bytes = Buffer.from(valid, "hex");
    bytes[at < 0 ? bytes.length + at : at]! ^= 1;
    return bytes.toString("hex");
  };
  const toOther = { deviceKey: OTHER_KEY, device: "pump-2", topic: "iot/devices/pump-2/cmd" };
  const deep = (levels: number) => JSON.parse(`${"[".repeat(levels)}${"]".repeat(levels)}`) as unknown;
  return [
    accepted("a command"),
    accepted("the first command of a device", { counter: 1 }, { last: 0 }),
    accepted("far above the last one", { counter: Number.MAX_SAFE_INTEGER }),
    accepted("with an object", { arguments: { seconds: 30, text: 'a "b" \\ Süd' } }),
    accepted("with a number", { arguments: -1.5e3 }),
    accepted("with a text", { arguments: "30" }),
    accepted("with null", { arguments: null }),
    accepted("with 15 arrays in each other", { arguments: deep(15) }),
    accepted("with a name of 64 characters", { command: "Fan.on_1-2:".padEnd(64, "x") }),
    accepted("without a name of its own", { command_id: undefined }),
    accepted("with a member that nobody knows", { later: { counter: 1 } }),
    accepted("in its last millisecond", {}, { now: EXPIRES }),
    accepted("expired, to a device without a clock", {}, { now: 0 }),
    refused("the same once more", "REPLAY", valid, { last: 65 }),
    refused("below the last one", "REPLAY", valid, { last: 4000 }),
    says("number 0", "REPLAY", { counter: 0 }),
    refused("a millisecond too late", "STALE", valid, { now: EXPIRES + 1 }),
    refused("the first bit of the ciphertext", "AUTH", flip(Buffer.from(valid, "hex").length - 16 - text().length)),
    refused("the last bit of the tag", "AUTH", flip(-1)),
    refused("a bit of the number", "AUTH", valid.replace("06480000000000000041", "06480000000000000042")),
    refused("cut by a byte", "FORMAT", valid.slice(0, -2)),
    refused("a byte more", "FORMAT", `${valid}00`),
    refused("not sealed", "FORMAT", hex(text())),
    refused("empty", "FORMAT", ""),
    refused("another device's", "TOPIC_MISMATCH", sealed(text({ device_id: "pump-2" }), toOther)),
    refused("another device's under this name", "AUTH", sealed(text(), { deviceKey: OTHER_KEY })),
    refused("its own reading", "AUTH", sealed(text(), { topic: "iot/devices/pump-1/data" })),
    refused("of the epoch before", "AUTH", valid, { deviceKey: NEXT_KEY }),
    refused("of the next epoch", "AUTH", sealed(text(), { deviceKey: NEXT_KEY, epoch: 2 })),
    says("that names another device", "OTHER_DEVICE", { device_id: "pump-2" }),
    says("that names a longer device", "OTHER_DEVICE", { device_id: "pump-11" }),
    says("that names no device", "SCHEMA", { device_id: undefined }),
    says("without a command", "SCHEMA", { command: undefined }),
    says("whose command is a number", "SCHEMA", { command: 1 }),
    says("without a number", "SCHEMA", { counter: undefined }),
    says("whose number is text", "SCHEMA", { counter: "65" }),
    says("whose number is a fraction", "SCHEMA", { counter: 65.5 }),
    says("whose number is negative", "SCHEMA", { counter: -65 }),
    says("number 2^53", "RANGE", { counter: 2 ** 53 }),
    says("without expiry", "SCHEMA", { expires: undefined }),
    says("whose expiry is a word", "FORMAT", { expires: "tomorrow" }),
    says("with 16 arrays in each other", "FORMAT", { arguments: deep(16) }),
    refused("not JSON", "FORMAT", sealed("fan_on")),
    refused("JSON and more", "FORMAT", sealed(`${text()}{}`)),
    refused("not an object", "SCHEMA", sealed("[]")),
    refused("not UTF-8", "FORMAT", sealed(Buffer.from(text().replace("fan_on", "fan_\u00ff"), "latin1"))),
    refused("2,049 bytes", "SIZE", sealed(`{"a":"${"x".repeat(1985)}"}`)),
  ];
}

/** @param seal how envelopes are made; see {@link SealText}. */
export function firmwareVectors(seal: SealText): FirmwareVectors {
  return { command: commandCases(seal), provisioning: provisioningCases(), reading: readingCases() };
}
