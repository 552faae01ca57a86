import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseJsonObject } from "../../lib/common/json.js";
import { Rejection } from "../../lib/common/rejection.js";
import { coseA128Gcm } from "../../lib/envelope/cose-a128gcm.js";
import { provisioningRecord } from "../../lib/registry/provisioning-record.js";
import { findCommand, requireOnMachine } from "../setup.js";
import { type CoseVectors, VECTORS_PATH } from "../vectors/cose-a128gcm.js";

const ROOT = join(__dirname, "..", "..");
const WORK = join(ROOT, ".cache", "firmware");
const vectors = JSON.parse(readFileSync(VECTORS_PATH, "utf8")) as CoseVectors;
const hex = (text: string) => Buffer.from(text, "hex");

function step(...names: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, "scripts", "firmware.mjs"), ...names], {
    encoding: "utf8",
  });
  assert.equal(status, 0, `${stdout}${stderr}`);
  return stdout;
}

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof Rejection) return error.code;
    throw error;
  }
  return "OK";
}

/** What firmware/tests/vectors.c prints, computed by the gateway's code. */
function linesOfTheGateway(): string[] {
  const lines: string[] = [];
  for (const { name, deviceKey, epoch, bootId, topic, plaintext, counter: digits } of vectors.seal) {
    const profile = coseA128Gcm.create([hex(deviceKey)]);
    const counter = BigInt(`0x${digits}`);
    const message = profile.seal(hex(plaintext), { now: 0, topic, epoch, counter, bootId: hex(bootId) }) as Buffer;
    const { sender, plaintext: opened } = profile.open(message, { now: 0, topic });
    lines.push(`seal|${name}|OK|${message.toString("hex")}`);
    lines.push(`open|${name}|OK|${sender?.device}|${sender?.epoch}|${sender?.counter}|${opened.toString("hex")}`);
  }
  for (const { name, deviceKey, topic, message } of vectors.refused) {
    const open = () => coseA128Gcm.create([hex(deviceKey)]).open(hex(message), { now: 0, topic });
    lines.push(`refused|${name}|${refusal(open)}`);
  }
  for (const { name, outcome, accepted, deviceKey, topic, message } of vectors.command) {
    const told = { command: "", id: "", number: 0, expires: 0, arguments: null as string | null, ...accepted };
    if (accepted) {
      const opened = coseA128Gcm.create([hex(deviceKey)]).open(hex(message), { now: 0, topic });
      const { command, command_id, counter, expires, arguments: given } = parseJsonObject(opened.plaintext);
      Object.assign(told, { command, id: command_id ?? "", number: counter, expires: Date.parse(expires as string) });
      told.arguments = given === undefined ? null : JSON.stringify(given);
    }
    const text = [told.command, told.id, told.number, told.expires, told.arguments ?? ""].join("|");
    lines.push(`command|${name}|${outcome}|${text}`);
  }
  for (const { name, outcome, text, record } of vectors.provisioning) {
    const { device, epoch, key, password } = record ?? { device: "", epoch: 0, key: "", password: "" };
    if (record) assert.equal(provisioningRecord({ device, epoch, key: hex(key), ...(password && { password }) }), text);
    lines.push(`provisioning|${name}|${outcome}|${device}|${epoch}|${key}|${password}`);
  }
  for (const { name, json } of vectors.reading) lines.push(`reading|${name}|OK|${json}`);
  return lines;
}

describe("the firmware's core", function () {
  this.timeout(600_000);

  before(function () {
    const isThere = ["gcc", "cmake", "make"].every((name) => findCommand(name) !== undefined);
    const hasLibrary = existsSync("/usr/include/mbedtls/gcm.h");
    requireOnMachine(this, isThere && hasLibrary, "the firmware's core (gcc, cmake, make, libmbedtls-dev)");
  });

  it("computes on this machine what the gateway computes, byte for byte", () => {
    step("plain");
    const { status, stdout } = spawnSync(join(WORK, "plain", "tests", "vectors"), { encoding: "utf8" });
    assert.equal(status, 0);
    const lines = stdout.trim().split("\n");
    assert.deepEqual(lines.splice(-2), ["ok all_vectors", "1 tests, 0 failed"]);
    assert.deepEqual(lines, linesOfTheGateway());
  });

  it("computes the same on rv32imac, the class of processor of an ESP32-C3", function () {
    const commands = ["riscv64-unknown-elf-gcc", "qemu-system-riscv32", "dpkg-source"];
    const isThere = commands.every((name) => findCommand(name) !== undefined);
    requireOnMachine(
      this,
      isThere,
      "rv32imac (gcc-riscv64-unknown-elf, picolibc-riscv64-unknown-elf, qemu-system-misc, dpkg-dev)",
    );
    const hasSource = existsSync(WORK) && readdirSync(WORK).some((name) => name.startsWith("mbedtls-"));
    requireOnMachine(this, hasSource || Boolean(process.env.CI), "sources of Mbed TLS (npm run firmware -- rv32)");
    assert.match(step("rv32"), /print the same bytes/);
  });
});
