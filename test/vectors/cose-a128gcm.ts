// Makes test/vectors/cose-a128gcm.json, which the gateway's tests and the firmware's both read:
//   npx tsx test/vectors/cose-a128gcm.ts
// Everything is computed here with node:crypto alone, and not with the code that the vectors test.
import { createCipheriv, hkdfSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type FirmwareVectors, firmwareVectors } from "./firmware.js";

export const VECTORS_PATH = join(__dirname, "cose-a128gcm.json");

/** A message and how it is made; bytes are hex. */
export interface SealCase {
  name: string;
  deviceKey: string;
  device: string;
  /** Decimal: 32 bits. */
  epoch: number;
  /** Hex, 8 bytes, big endian. */
  counter: string;
  bootId: string;
  /** The whole MQTT topic; its two last levels are bound. */
  topic: string;
  plaintext: string;
  /** Between input and output, for those who look for their mistake. */
  kid: string;
  hkdfInfo: string;
  key: string;
  iv: string;
  nonce: string;
  aad: string;
  message: string;
}

/** A message that must not open with this key on this topic. */
export interface RefusedCase {
  name: string;
  deviceKey: string;
  topic: string;
  message: string;
  /** What is wrong, as the gateway calls it. */
  code: "SIZE" | "FORMAT" | "TOPIC_MISMATCH" | "AUTH";
}

export interface CoseVectors extends FirmwareVectors {
  about: string;
  seal: SealCase[];
  refused: RefusedCase[];
}

type Inputs = Pick<
  SealCase,
  "name" | "deviceKey" | "device" | "epoch" | "counter" | "bootId" | "topic" | "plaintext"
> & {
  kid?: string;
};

const hex = (text: string) => Buffer.from(text).toString("hex");

/** Byte string of CBOR in its shortest form. */
function bstr(bytes: Buffer): Buffer {
  const { length } = bytes;
  if (length < 24) return Buffer.concat([Buffer.from([0x40 | length]), bytes]);
  if (length < 256) return Buffer.concat([Buffer.from([0x58, length]), bytes]);
  return Buffer.concat([Buffer.from([0x59, length >> 8, length & 255]), bytes]);
}

const fromHex = (text: string) => Buffer.from(text, "hex");

function seal(inputs: Inputs): SealCase {
  const kid = Buffer.from(inputs.kid ?? `${inputs.device}:${inputs.epoch}`);
  const epoch = Buffer.alloc(4);
  epoch.writeUInt32BE(inputs.epoch);
  const info = Buffer.concat([Buffer.from("env/v1"), Buffer.from([kid.length]), kid, epoch]);
  const [bootId, counter] = [fromHex(inputs.bootId), fromHex(inputs.counter)];
  const derived = Buffer.from(hkdfSync("sha256", fromHex(inputs.deviceKey), bootId, info, 28));
  const [key, iv] = [derived.subarray(0, 16), derived.subarray(16)];
  const nonce = Buffer.from(iv);
  for (const [index, byte] of counter.entries()) nonce[4 + index]! ^= byte;
  const path = inputs.topic.split("/").slice(-2).join("/");
  const aad = Buffer.concat([fromHex("8368456e63727970743043a10101"), bstr(Buffer.from(path))]);
  const cipher = createCipheriv("aes-128-gcm", key, nonce, { authTagLength: 16 }).setAAD(aad);
  const ciphertext = Buffer.concat([cipher.update(fromHex(inputs.plaintext)), cipher.final(), cipher.getAuthTag()]);
  const message = Buffer.concat([
    fromHex("d08343a10101a304"),
    bstr(kid),
    fromHex("06"),
    bstr(counter),
    fromHex("0a"),
    bstr(bootId),
    bstr(ciphertext),
  ]);
  const { name, deviceKey, device, topic, plaintext } = inputs;
  return {
    name,
    deviceKey,
    device,
    epoch: inputs.epoch,
    counter: inputs.counter,
    bootId: inputs.bootId,
    topic,
    plaintext,
    kid: kid.toString("hex"),
    hkdfInfo: info.toString("hex"),
    key: key.toString("hex"),
    iv: iv.toString("hex"),
    nonce: nonce.toString("hex"),
    aad: aad.toString("hex"),
    message: message.toString("hex"),
  };
}

const DEVICE_KEY = "5bd1e6a2f70c94383ae81f6d02b7c459d80e63f41295ab7c0fd34e8661b90a27";
const OTHER_KEY = "c41f0ad7783be5926d10f8a354ce2b97e1066fb25d8894a33e7ac90b15f2d860";
const BOOT_ID = "9f3b27c5e081d46a";
const READING = '{"device_id":"pump-1","sequence_no":1,"temperature":21.5}';

const BASE: Inputs = {
  name: "a reading",
  deviceKey: DEVICE_KEY,
  device: "pump-1",
  epoch: 1,
  counter: "0000000000000001",
  bootId: BOOT_ID,
  topic: "iot/devices/pump-1/data",
  plaintext: hex(READING),
};

function sealCases(): SealCase[] {
  const longest = "a".repeat(26);
  const filled = (bytes: number) => hex(`{"a":"${"x".repeat(bytes - 8)}"}`);
  return [
    seal(BASE),
    seal({ ...BASE, name: "the next number", counter: "0000000000000002" }),
    seal({ ...BASE, name: "number 0", counter: "0000000000000000" }),
    seal({ ...BASE, name: "a number beyond 32 bits", counter: "0000000100000000" }),
    seal({ ...BASE, name: "the greatest number a gateway takes, 2^53 - 1", counter: "001fffffffffffff" }),
    seal({ ...BASE, name: "another boot", bootId: "0000000000000000" }),
    seal({ ...BASE, name: "the second key epoch", epoch: 2 }),
    seal({ ...BASE, name: "the greatest key epoch of the format", epoch: 4294967295 }),
    seal({ ...BASE, name: "another key", deviceKey: OTHER_KEY }),
    seal({ ...BASE, name: "another stream", topic: "iot/devices/pump-1/alarm" }),
    seal({ ...BASE, name: "another prefix: not bound", topic: "site/7/pump-1/data" }),
    seal({ ...BASE, name: "a topic of two levels", topic: "pump-1/data" }),
    seal({ ...BASE, name: "a name of one character", device: "p", topic: "iot/devices/p/data" }),
    seal({
      ...BASE,
      name: "the longest key identifier, 32 bytes",
      device: longest,
      epoch: 99999,
      topic: `iot/devices/${longest}/data`,
    }),
    seal({ ...BASE, name: "text beyond ASCII", plaintext: hex('{"ort":"Keller Süd","temperature":-3}') }),
    seal({ ...BASE, name: "an empty object", plaintext: hex("{}") }),
    seal({ ...BASE, name: "23 bytes of ciphertext: the most whose length is in one byte", plaintext: hex('{"a":1}') }),
    seal({ ...BASE, name: "24 bytes of ciphertext", plaintext: filled(8) }),
    seal({ ...BASE, name: "255 bytes of ciphertext", plaintext: filled(239) }),
    seal({ ...BASE, name: "256 bytes of ciphertext", plaintext: filled(240) }),
    seal({ ...BASE, name: "2,048 bytes, the longest message", plaintext: filled(1992) }),
  ];
}

/** One byte of a message changed, counted from its start or, where negative, from its end. */
function flipped(message: string, at: number): string {
  const bytes = fromHex(message);
  const index = at < 0 ? bytes.length + at : at;
  bytes[index]! ^= 1;
  return bytes.toString("hex");
}

function refusedCases(): RefusedCase[] {
  const valid = seal(BASE);
  const { message } = valid;
  const base = { deviceKey: DEVICE_KEY, topic: BASE.topic };
  const bad = (name: string, code: RefusedCase["code"], changed: string): RefusedCase => ({
    name,
    ...base,
    message: changed,
    code,
  });
  const kid = `48${hex("pump-1:1")}`;
  const replaced = (from: string, to: string) => {
    if (message.split(from).length !== 2) throw new Error(`"${from}" is not in the message once`);
    return message.replace(from, to);
  };
  return [
    bad("empty", "FORMAT", ""),
    bad("only a tag", "FORMAT", "d0"),
    bad("cut by a byte", "FORMAT", message.slice(0, -2)),
    bad("a byte more", "FORMAT", `${message}00`),
    bad("twice", "FORMAT", message + message),
    bad(
      "first bit of the ciphertext",
      "AUTH",
      flipped(message, message.length / 2 - fromHex(valid.plaintext).length - 16),
    ),
    bad("last bit of the tag", "AUTH", flipped(message, -1)),
    bad("another number", "AUTH", replaced("06480000000000000001", "06480000000000000002")),
    bad("another boot id", "AUTH", replaced(BOOT_ID, flipped(BOOT_ID, -1))),
    bad("another device in the key identifier", "TOPIC_MISMATCH", replaced(kid, `48${hex("pump-2:1")}`)),
    bad("another epoch in the key identifier", "AUTH", replaced(kid, `48${hex("pump-1:2")}`)),
    { ...base, name: "another key", deviceKey: OTHER_KEY, message, code: "AUTH" },
    { ...base, name: "another device's topic", topic: "iot/devices/pump-2/data", message, code: "TOPIC_MISMATCH" },
    { ...base, name: "another stream", topic: "iot/devices/pump-1/alarm", message, code: "AUTH" },
    { ...base, name: "a topic of one level", topic: "data", message, code: "TOPIC_MISMATCH" },
    bad("without a tag", "FORMAT", message.slice(2)),
    bad("the tag of COSE_Encrypt, 96", "FORMAT", `d860${message.slice(2)}`),
    bad("the tag in two bytes", "FORMAT", `d810${message.slice(2)}`),
    bad("an array of four", "FORMAT", replaced("d08343", "d08443")),
    bad("an array of indefinite length", "FORMAT", `${replaced("d08343", "d09f43")}ff`),
    bad("A256GCM", "FORMAT", replaced("43a10101", "43a10103")),
    bad("A128GCM with its length in two bytes", "FORMAT", replaced("43a10101", "5803a10101")),
    bad("no algorithm", "FORMAT", replaced("43a10101", "40")),
    bad("a map of two", "FORMAT", replaced("a30448", "a20448")),
    bad("a map of indefinite length", "FORMAT", replaced("a30448", "bf0448")),
    bad("label 4 in two bytes", "FORMAT", replaced("a30448", "a3180448")),
    bad("labels in another order", "FORMAT", replaced(`04${kid}06480000000000000001`, `0648000000000000000104${kid}`)),
    bad("an IV instead of a partial IV", "FORMAT", replaced("06480000000000000001", "05480000000000000001")),
    bad("a number of seven bytes", "FORMAT", replaced("06480000000000000001", "064700000000000001")),
    bad("a number of nine bytes", "FORMAT", replaced("06480000000000000001", "0649000000000000000001")),
    bad("a boot id of seven bytes", "FORMAT", replaced(`0a48${BOOT_ID}`, `0a47${BOOT_ID.slice(2)}`)),
    bad("a key identifier without epoch", "FORMAT", replaced(kid, `46${hex("pump-1")}`)),
    bad("a key identifier with an epoch 01", "FORMAT", replaced(kid, `49${hex("pump-1:01")}`)),
    bad("a key identifier with an epoch of 33 bits", "FORMAT", replaced(kid, `51${hex("pump-1:4294967296")}`)),
    bad("a key identifier with a slash", "FORMAT", replaced(kid, `48${hex("pump/1:1")}`)),
    bad("a key identifier of 33 bytes", "FORMAT", replaced(kid, `5821${hex(`${"a".repeat(31)}:1`)}`)),
    bad("a key identifier that is text", "FORMAT", replaced(`04${kid}`, `0468${kid.slice(2)}`)),
    bad("a ciphertext of 15 bytes", "FORMAT", `${message.slice(0, message.indexOf(BOOT_ID) + 16)}4f${"00".repeat(15)}`),
    bad("a ciphertext with its length in two bytes more", "FORMAT", replaced("5849", "590049")),
    bad("a length beyond the message", "FORMAT", replaced("5849", "5bffffffffffffffff49")),
    bad("2,049 bytes", "SIZE", seal({ ...BASE, plaintext: hex(`{"a":"${"x".repeat(1985)}"}`) }).message),
  ];
}

/** The file's text. */
export function coseVectorText(): string {
  const vectors: CoseVectors = {
    about:
      "Known answers of Redoubt's cose-a128gcm envelope. Byte strings are hex. seal: opening message gives plaintext, " +
      "sealing gives message. refused: must not open. command: a message on the command topic, and what the device " +
      "says to it. provisioning: a record as text. reading: what was measured, and its JSON. Made by cose-a128gcm.ts " +
      "beside this file.",
    seal: sealCases(),
    refused: refusedCases(),
    ...firmwareVectors((inputs) => seal({ name: "", ...inputs }).message),
  };
  return `${JSON.stringify(vectors, undefined, 2)}\n`;
}

/** The worked example of the format's design, whose key identifier has no epoch. */
export function designExample(): SealCase {
  return seal({
    ...BASE,
    name: "design example",
    deviceKey: Buffer.from(Array.from({ length: 32 }, (_, index) => index)).toString("hex"),
    device: "sensor-1",
    kid: "sensor-1",
    bootId: "0102030405060708",
    topic: "iot/devices/sensor-1/data",
    plaintext: hex('{"device_id":"sensor-1","sequence_no":1,"temperature":22.5}'),
  });
}

if (require.main === module) writeFileSync(VECTORS_PATH, coseVectorText());
