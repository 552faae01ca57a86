// The parts of test/vectors/cose-a128gcm.json that are about devices: commands to them, the record that gives them
// their key, and the JSON of what they measure. Made with node:crypto and node:zlib alone, as the envelopes are.
import { crc32 } from "node:zlib";

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

function provisioningCases(): ProvisioningCase[] {
  const password = "Zk3-Tq_9vXw2Lm8Rb5Yc7Nd1Hf6Gj4Ps";
  const line = (...fields: string[]) => {
    const text = fields.join(" ");
    return `${text} ${crc32(text).toString(16).padStart(8, "0")}`;
  };
  const accepted = (name: string, device: string, epoch: number, key = KEY, secret = password): ProvisioningCase => ({
    ...{ name, text: line("redoubt1", device, String(epoch), key, secret || "-"), outcome: "OK" as const },
    record: { device, epoch, key, password: secret },
  });
  const refused = (name: string, outcome: Outcome, text: string): ProvisioningCase => ({ name, text, outcome });
  const good = line("redoubt1", DEVICE, "1", KEY, password);
  return [
    accepted("a record", DEVICE, 1),
    accepted("the next epoch", DEVICE, 2, NEXT_KEY),
    accepted("without a password", DEVICE, 1, KEY, ""),
    accepted("the shortest one", "p", 1, KEY, ""),
    accepted("the longest one", "a".repeat(26), 99_999, KEY, "~".repeat(64)),
    accepted("every kind of character", "A.z_0-9", 10, OTHER_KEY, "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
    refused("empty", "FORMAT", ""),
    refused("a line end", "FORMAT", `${good}\n`),
    refused("a space before", "FORMAT", ` ${good}`),
    refused("a space after", "FORMAT", `${good} `),
    refused("two spaces", "FORMAT", line("redoubt1", DEVICE, "1", "", KEY, password)),
    refused("cut by a character", "FORMAT", good.slice(0, -1)),
    refused("a typing error", "FORMAT", good.replace("5bd1", "5bd2")),
    refused("another CRC", "FORMAT", `${good.slice(0, -8)}00000000`),
    refused("a CRC in capitals", "FORMAT", `${good.slice(0, -8)}${good.slice(-8).toUpperCase()}`),
    refused("another version", "FORMAT", line("redoubt2", DEVICE, "1", KEY, password)),
    refused("a field less", "FORMAT", line("redoubt1", DEVICE, "1", KEY)),
    refused("a field more", "FORMAT", line("redoubt1", DEVICE, "1", KEY, password, "more")),
    refused("a name with a slash", "FORMAT", line("redoubt1", "pump/1", "1", KEY, password)),
    refused("a name of 27 characters", "FORMAT", line("redoubt1", "a".repeat(27), "1", KEY, password)),
    refused("the name __proto__", "FORMAT", line("redoubt1", "__proto__", "1", KEY, password)),
    refused("epoch 0", "RANGE", line("redoubt1", DEVICE, "0", KEY, password)),
    refused("epoch 100,000", "RANGE", line("redoubt1", DEVICE, "100000", KEY, password)),
    refused("epoch 01", "FORMAT", line("redoubt1", DEVICE, "01", KEY, password)),
    refused("an epoch of 33 bits", "FORMAT", line("redoubt1", DEVICE, "4294967297", KEY, password)),
    refused("an epoch in hex", "FORMAT", line("redoubt1", DEVICE, "a", KEY, password)),
    refused("a key of 31 bytes", "FORMAT", line("redoubt1", DEVICE, "1", KEY.slice(2), password)),
    refused("a key in capitals", "FORMAT", line("redoubt1", DEVICE, "1", KEY.toUpperCase(), password)),
    refused("a key of zeros", "RANGE", line("redoubt1", DEVICE, "1", "00".repeat(32), password)),
    refused(
      "a key that counts",
      "RANGE",
      line("redoubt1", DEVICE, "1", hex(Buffer.from(Array.from({ length: 32 }, (_, index) => index))), password),
    ),
    refused("a password of 65 characters", "FORMAT", line("redoubt1", DEVICE, "1", KEY, "x".repeat(65))),
    refused("a tab in the password", "FORMAT", line("redoubt1", DEVICE, "1", KEY, "pass\tword")),
    refused("more than any record has", "SIZE", "x".repeat(181)),
  ];
}

function jsonOf({ device, sequence, timestamp, cpu, battery, quantities }: Omit<ReadingCase, "json">): string {
  const rounded = (value: number, decimals: number) =>
    (Math.sign(value) * Math.round(Math.abs(value) * 10 ** decimals)) / 10 ** decimals;
  const members: [string, unknown][] = [
    ["device_id", device],
    ["sequence_no", sequence],
    ["timestamp", timestamp > 0 ? new Date(timestamp).toISOString() : 0],
  ];
  if (cpu !== null) members.push(["cpu_usage", rounded(cpu, 1)]);
  if (battery !== null) members.push(["battery_level", rounded(battery, 1)]);
  for (const { name, value, decimals } of quantities) {
    if (value !== null) members.push([name, typeof value === "number" ? rounded(value, decimals) : value]);
  }
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`;
}

function readingCases(): ReadingCase[] {
  const number = (name: string, value: number | null, decimals: number): QuantityInput => ({
    ...{ name, kind: "number" as const, value, decimals },
  });
  const reading = (inputs: Partial<ReadingCase> & { name: string }): ReadingCase => {
    const whole = { device: DEVICE, sequence: 1, timestamp: NOW, cpu: 14.2, battery: 87.5, quantities: [], ...inputs };
    return { ...whole, json: jsonOf(whole) };
  };
  const climate = [number("temperature", 21.46, 1), number("humidity", 45.04, 1)];
  return [
    reading({ name: "a reading", quantities: climate }),
    reading({ name: "nothing but the device" }),
    reading({ name: "no clock", timestamp: 0 }),
    reading({ name: "load and battery not measured", cpu: null, battery: null, quantities: climate }),
    reading({
      name: "a sensor that does not answer",
      quantities: [number("temperature", null, 1), ...climate.slice(1)],
    }),
    reading({
      name: "motion and light",
      quantities: [
        { name: "motion", kind: "boolean", value: true, decimals: 0 },
        { name: "light", kind: "boolean", value: false, decimals: 0 },
      ],
    }),
    reading({
      name: "decimals",
      quantities: [
        ...[number("a", 1.005, 6), number("b", -0.04, 1), number("c", 0, 3), number("d", -273.15, 2)],
        ...[number("e", 1234567.891, 0), number("f", 0.000001, 6), number("g", 99.99, 1), number("h", -7, 2)],
        ...[number("i", 0.001, 3), number("j", 8_999_999_999_999_999, 0), number("k", 2.5, 0), number("l", -2.5, 0)],
      ],
    }),
    reading({
      name: "texts",
      quantities: [
        { name: 'a "name"', kind: "text", value: 'quote " backslash \\ slash /', decimals: 0 },
        { name: "control", kind: "text", value: "\b\f\n\r\t\u0001\u001f\u007f", decimals: 0 },
        { name: "beyond ASCII", kind: "text", value: "Süd \u2028 😀", decimals: 0 },
        { name: "nothing", kind: "text", value: null, decimals: 0 },
        { name: "empty", kind: "text", value: "", decimals: 0 },
      ],
    }),
    reading({ name: "the greatest number", sequence: Number.MAX_SAFE_INTEGER }),
    reading({ name: "a leap day", timestamp: Date.UTC(2028, 1, 29, 23, 59, 59, 999) }),
    reading({ name: "no leap year", timestamp: Date.UTC(2100, 2, 1) }),
    reading({ name: "the first millisecond", timestamp: 1 }),
    reading({ name: "the last one that fits", timestamp: Date.UTC(2200, 0, 1) - 1 }),
  ];
}

/** @param seal how envelopes are made; see {@link SealText}. */
export function firmwareVectors(seal: SealText): FirmwareVectors {
  return { command: commandCases(seal), provisioning: provisioningCases(), reading: readingCases() };
}
