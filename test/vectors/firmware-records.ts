// Provisioning records and readings of test/vectors/cose-a128gcm.json, made with node:zlib and JSON.stringify alone.
import { crc32 } from "node:zlib";
import type { Outcome, ProvisioningCase, QuantityInput, ReadingCase } from "./firmware.js";

const DEVICE = "pump-1";
const KEY = "5bd1e6a2f70c94383ae81f6d02b7c459d80e63f41295ab7c0fd34e8661b90a27";
const NEXT_KEY = "9ad04c71e6b85f2290c3ef5b7a1d48670b52f9a8c41e6d3397fa02856bce1d40";
const OTHER_KEY = "c41f0ad7783be5926d10f8a354ce2b97e1066fb25d8894a33e7ac90b15f2d860";
const NOW = Date.UTC(2026, 5, 1, 12, 0, 5);

const hex = (bytes: Buffer) => bytes.toString("hex");

export function provisioningCases(): ProvisioningCase[] {
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

export function readingCases(): ReadingCase[] {
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
