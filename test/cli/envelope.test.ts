import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fernet } from "../../lib/envelope/fernet.js";
import { createKeyFile } from "../../lib/envelope/key-file.js";
import { jsonLines, runCli } from "./run-cli.js";

const SPEC_KEY = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
const SPEC_TOKEN =
  "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";

describe("redoubt envelope", () => {
  let folder: string;
  let keyFile: string;
  let aesFile: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-cli-"));
    keyFile = join(folder, "raw.key");
    aesFile = join(folder, "aes.key");
    createKeyFile(keyFile, "fernet");
    createKeyFile(aesFile, "aes-256");
  });
  after(() => rmSync(folder, { recursive: true }));

  const run = (direction: string, profile: string, rest: string[], input: string | Buffer) =>
    runCli(["envelope", direction, "--profile", profile, ...rest], input);

  it("encrypts and decrypts line by line, JSON or not, and refuses a second copy", async () => {
    const sealed = jsonLines(await run("encrypt", "fernet", ["--key-file", keyFile], '{"t":1}\nplain text\r\n\n'));
    assert.deepEqual(
      sealed.map(({ ok }) => ok),
      [true, true, true],
    );
    const tokens = sealed.map(({ message }) => message as string);
    const opened = await run("decrypt", "fernet", ["--key-file", keyFile], `${tokens.join("\n")}\n${tokens[0]}`);
    assert.equal(opened.code, 0);
    assert.deepEqual(jsonLines(opened), [
      { ok: true, hex: Buffer.from('{"t":1}').toString("hex"), payload: { t: 1 } },
      { ok: true, hex: Buffer.from("plain text").toString("hex") },
      { ok: true, hex: "" },
      { ok: false, code: "REPLAY", reason: "this message was received before" },
    ]);
  });

  it("aes-gcm-json in base64, base64url or hex, bound to --aad", async () => {
    const sealed = await run(
      "encrypt",
      "aes-gcm-json",
      ["--key-file", aesFile, "--aad", "dc/a"],
      '{"t":1}\n{"t":2}\n{"t":3}\n',
    );
    const bytes = jsonLines(sealed).map(({ message }) => Buffer.from(message as string, "base64"));
    const input = [bytes[0]?.toString("base64"), bytes[1]?.toString("base64url"), bytes[2]?.toString("hex"), "%%"].join(
      "\n",
    );
    const opened = jsonLines(await run("decrypt", "aes-gcm-json", ["--key-file", aesFile, "--aad", "dc/a"], input));
    assert.deepEqual(
      opened.map(({ payload, code }) => payload ?? code),
      [{ t: 1 }, { t: 2 }, { t: 3 }, "FORMAT"],
    );
    const other = jsonLines(await run("decrypt", "aes-gcm-json", ["--key-file", aesFile, "--aad", "dc/b"], input));
    assert.deepEqual(
      other.map(({ code }) => code),
      ["AUTH", "AUTH", "AUTH", "FORMAT"],
    );
  });

  it("takes a line as it is: blanks, CR inside, U+2028 and bytes that are no UTF-8 are part of the message", async () => {
    const token = fernet.create([Buffer.from(readFileSync(keyFile, "utf8"), "base64url")]).seal(Buffer.from("{}"), {
      now: Date.now(),
    }) as string;
    const lines = [` ${token}`, `${token} `, `${token.slice(0, 9)}\r${token.slice(9)}`, `${token}\u2028`, ""];
    const input = Buffer.concat([
      Buffer.from(`${lines.join("\n")}\n`),
      Buffer.from([0xff, 0xfe, 0x0a]),
      Buffer.from(token),
    ]);
    const results = jsonLines(await run("decrypt", "fernet", ["--key-file", keyFile], input));
    assert.deepEqual(
      results.map(({ code, ok }) => code ?? ok),
      [...Array(6).fill("FORMAT"), true],
    );
  });

  it("bounds what a line may cost", async () => {
    const input = `${"A".repeat(3_000_000)}\n{}\n`;
    assert.deepEqual(
      jsonLines(await run("decrypt", "fernet", ["--key-file", keyFile], input)).map(({ code }) => code),
      ["SIZE", "FORMAT"],
    );
    assert.deepEqual(
      jsonLines(await run("decrypt", "fernet", ["--batch"], input)).map(({ code }) => code),
      ["FORMAT", "FORMAT"],
    );
  });

  it("applies --ttl and --max-skew", async () => {
    const profile = fernet.create([Buffer.from(readFileSync(keyFile, "utf8"), "base64url")]);
    const tokens = [-100, 100]
      .map((age) => profile.seal(Buffer.from("1"), { now: Date.now() + age * 1000 }))
      .join("\n");
    const strict = jsonLines(await run("decrypt", "fernet", ["--key-file", keyFile], tokens));
    assert.deepEqual(
      strict.map(({ code }) => code),
      ["STALE", "STALE"],
    );
    const lenient = ["--key-file", keyFile, "--ttl", "1000", "--max-skew", "1000"];
    assert.ok(jsonLines(await run("decrypt", "fernet", lenient, tokens)).every(({ ok }) => ok));
  });

  it("--batch: each line for itself, published keys and times of its own, bad lines answered", async () => {
    const good = { key: SPEC_KEY, message: SPEC_TOKEN, now: "1985-10-26T01:20:01-07:00", ttl: 60 };
    const lines = [
      good,
      good,
      { ...good, now: 499162801 },
      { ...good, now: 499162861 },
      { ...good, now: "soon" },
      { ...good, key: "abc" },
      { ...good, key: Buffer.from(SPEC_KEY, "base64url").toString("hex") },
      { message: SPEC_TOKEN },
      null,
    ].map((line) => JSON.stringify(line));
    const result = await run("decrypt", "fernet", ["--batch"], `${lines.join("\n")}\n{"key":\n`);
    assert.equal(result.code, 0);
    assert.deepEqual(
      jsonLines(result).map(({ code, hex }) => code ?? hex),
      [
        "68656c6c6f",
        "68656c6c6f",
        "68656c6c6f",
        "STALE",
        "FORMAT",
        "FORMAT",
        "68656c6c6f",
        "FORMAT",
        "FORMAT",
        "FORMAT",
      ],
    );
    const iv = Array.from({ length: 16 }, (_, i) => i);
    const seal = JSON.stringify({ key: SPEC_KEY, message: "hello", now: "1985-10-26T01:20:00-07:00", iv });
    assert.deepEqual(jsonLines(await run("encrypt", "fernet", ["--batch"], seal)), [{ ok: true, message: SPEC_TOKEN }]);
    const short = JSON.stringify({ key: SPEC_KEY, message: "hello", iv: [1] });
    assert.equal(jsonLines(await run("encrypt", "fernet", ["--batch"], short))[0]?.code, "FORMAT");
  });

  it("exits 2 for wrong use and 1 for keys that cannot be used, and never shows them", async () => {
    const published = join(folder, "published.key");
    writeFileSync(published, SPEC_KEY, { mode: 0o600 });
    const open = join(folder, "open.key");
    writeFileSync(open, readFileSync(keyFile), { mode: 0o644 });
    const cases: [string[], number, RegExp][] = [
      [["decrypt", "--profile", "rot13", "--key-file", keyFile], 2, /no envelope profile "rot13"/],
      [["decrypt", "--profile", "fernet"], 2, /--key-file is needed/],
      [["decrypt", "--key-file", keyFile], 2, /--profile/],
      [["decrypt", "--profile", "fernet", "--key-file", keyFile, "--ttl", "x"], 2, /number of seconds/],
      [["decrypt", "--profile", "fernet", "--key-file", join(folder, "none")], 1, /does not exist/],
      [["decrypt", "--profile", "fernet", "--key-file", aesFile], 1, /line 1 is not a key/],
      [["encrypt", "--profile", "fernet", "--key-file", published], 1, /published example/],
      [["encrypt", "--profile", "fernet", "--key-file", open], 1, /chmod 600/],
    ];
    const results = await Promise.all(cases.map(([args]) => runCli(["envelope", ...args])));
    for (const [i, { code, stderr, stdout }] of results.entries()) {
      const [args, expected, pattern] = cases[i] as (typeof cases)[number];
      assert.equal(code, expected, `${args.join(" ")}: ${stderr}`);
      assert.match(stderr, pattern);
      assert.equal(stdout, "");
      for (const path of [keyFile, aesFile, published]) assert.ok(!stderr.includes(readFileSync(path, "utf8").trim()));
    }
  });
});
