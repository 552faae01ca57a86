import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sealEcbCrc } from "../support/raw-envelope.js";
import { type CoseVectors, VECTORS_PATH } from "../vectors/cose-a128gcm.js";
import { jsonLines, runCli } from "./run-cli.js";

const { seal, refused } = JSON.parse(readFileSync(VECTORS_PATH, "utf8")) as CoseVectors;

describe("redoubt envelope, for devices", () => {
  let folder: string;
  let keyFile: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-envelope-"));
    keyFile = join(folder, "device.key");
    writeFileSync(keyFile, `${seal[0]?.deviceKey}\n`, { mode: 0o600 });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("gives the vectors of cose-a128gcm with --batch, both ways", async function () {
    this.timeout(120_000);
    const numbered = seal.map(({ deviceKey, topic, epoch, counter, bootId, plaintext, message }) => ({
      sealing: {
        ...{ key: deviceKey, aad: topic, epoch, bootId, counter: BigInt(`0x${counter}`).toString() },
        message: Buffer.from(plaintext, "hex").toString(),
      },
      opening: { key: deviceKey, aad: topic, message },
    }));
    const lines = (of: "sealing" | "opening") => numbered.map((one) => JSON.stringify(one[of])).join("\n");
    const profile = ["--profile", "cose-a128gcm", "--batch"];
    const sealed = jsonLines(await runCli(["envelope", "encrypt", ...profile], lines("sealing")));
    assert.deepEqual(
      sealed.map(({ message }) => Buffer.from(String(message), "base64").toString("hex")),
      seal.map(({ message }) => message),
    );
    const bad = refused.map(({ deviceKey, topic, message }) => JSON.stringify({ key: deviceKey, aad: topic, message }));
    const opened = jsonLines(
      await runCli(["envelope", "decrypt", ...profile], `${lines("opening")}\n${bad.join("\n")}`),
    );
    assert.deepEqual(
      opened.map(({ hex, code }) => hex ?? code),
      [...seal.map(({ plaintext }) => plaintext), ...refused.map(({ code }) => code)],
    );
  });

  it("counts from --counter, binds --aad, and refuses copies", async function () {
    this.timeout(120_000);
    const vector = seal[0] as CoseVectors["seal"][number];
    const base = ["--profile", "cose-a128gcm", "--key-file", keyFile, "--aad", vector.topic];
    const fixed = ["--epoch", "1", "--counter", "1", "--boot-id", vector.bootId];
    const plaintext = Buffer.from(vector.plaintext, "hex").toString();
    const made = jsonLines(
      await runCli(["envelope", "encrypt", ...base, ...fixed], `${plaintext}\n${plaintext}\n`),
    ).map(({ message }) => Buffer.from(String(message), "base64").toString("hex"));
    assert.deepEqual(made, [vector.message, seal[1]?.message]);
    const opened = jsonLines(await runCli(["envelope", "decrypt", ...base], `${[...made, made[0]].join("\n")}\n`));
    assert.deepEqual(
      opened.map(({ ok, code }) => ok || code),
      [true, true, "REPLAY"],
    );
  });

  it("exits 2 where something is missing or not allowed", async function () {
    this.timeout(120_000);
    const key = ["--key-file", keyFile];
    const cases: [string[], RegExp][] = [
      [["encrypt", "--profile", "cose-a128gcm", ...key], /--aad/],
      [["decrypt", "--profile", "cose-a128gcm", ...key], /--aad/],
      [["encrypt", "--profile", "cose-a128gcm", ...key, "--aad", "a/b", "--boot-id", "0102030405060708"], /--counter/],
      [["encrypt", "--profile", "cose-a128gcm", ...key, "--aad", "a/b", "--boot-id", "01"], /16 hex digits/],
      [["encrypt", "--profile", "cose-a128gcm", ...key, "--aad", "a/b", "--counter", "-1"], /whole number/],
      [["encrypt", "--profile", "aes-ecb-crc", ...key], /receiving only/],
      [["decrypt", "--profile", "aes-ecb-crc", ...key], /--allow-unauthenticated/],
    ];
    for (const [args, reason] of cases) {
      const { code, stderr } = await runCli(["envelope", ...args], "{}\n");
      assert.equal(code, 2, args.join(" "));
      assert.match(stderr, reason);
    }
  });

  it("opens old devices' messages where that is allowed", async function () {
    this.timeout(120_000);
    const key = Buffer.from("91c6d05ae2477fb8036e1d9a54f2880b", "hex");
    writeFileSync(keyFile, `${key.toString("hex")}\n`, { mode: 0o600 });
    const message = sealEcbCrc(key, Buffer.from('{"temp":25.50}')).toString("hex");
    const args = ["envelope", "decrypt", "--profile", "aes-ecb-crc", "--key-file", keyFile, "--allow-unauthenticated"];
    const [opened] = jsonLines(await runCli(args, `${message}\n`));
    assert.deepEqual(opened?.payload, { temp: 25.5 });
  });
});
