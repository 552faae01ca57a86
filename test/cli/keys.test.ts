import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadKeyFile } from "../../lib/envelope/key-file.js";
import { jsonLines, runCli } from "./run-cli.js";

describe("redoubt keys", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-cli-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("generates, rotates and lists without showing a key", async () => {
    const path = join(folder, "raw.key");
    const made = await runCli(["keys", "generate", "--profile", "aes-128", "--out", path, "--json"]);
    assert.equal(made.code, 0, made.stderr);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const [first] = loadKeyFile(path).fingerprints;
    assert.deepEqual(jsonLines(made), [{ file: path, family: "aes-128", keys: [{ fingerprint: first }] }]);

    const rotated = await runCli(["keys", "rotate", path, "--keep", "2"]);
    const ring = loadKeyFile(path);
    assert.deepEqual([ring.all.length, ring.fingerprints[1]], [2, first]);
    assert.equal(rotated.stdout, `${path}  aes-128  ${ring.fingerprints.join(" ")}\n`);

    mkdirSync(join(folder, "sub"));
    writeFileSync(join(folder, "notes.txt"), "no key", { mode: 0o600 });
    const listed = await runCli(["keys", "list", folder, "--json"]);
    assert.equal(listed.code, 0);
    const lines = jsonLines(listed);
    assert.deepEqual(
      lines.map(({ file }) => file),
      [join(folder, "notes.txt"), path],
    );
    assert.match(String(lines[0]?.error), /not a key/);
    assert.deepEqual(
      lines[1]?.keys,
      ring.fingerprints.map((fingerprint) => ({ fingerprint })),
    );
    for (const key of readFileSync(path, "utf8").trim().split("\n")) {
      for (const { stdout, stderr } of [made, rotated, listed]) assert.ok(!`${stdout}${stderr}`.includes(key));
    }
  });

  it("fails with a reason and its exit code", async () => {
    const path = join(folder, "raw.key");
    assert.equal((await runCli(["keys", "generate", "--profile", "fernet", "--out", path])).code, 0);
    const before = readFileSync(path, "utf8");
    const cases: [string[], number, RegExp][] = [
      [["generate", "--profile", "fernet", "--out", path], 1, /not overwritten/],
      [["generate", "--profile", "des", "--out", join(folder, "x")], 2, /fernet, aes-128, aes-256/],
      [["rotate", path, "--keep", "16"], 1, /0\.\.15/],
      [["rotate", path, "--keep", "-1"], 2, /keep/],
      [["rotate", join(folder, "none")], 1, /does not exist/],
      [["list", join(folder, "none")], 1, /ENOENT/],
    ];
    const results = await Promise.all(cases.map(([args]) => runCli(["keys", ...args])));
    for (const [i, { code, stderr }] of results.entries()) {
      assert.equal(code, cases[i]?.[1], stderr);
      assert.match(stderr, cases[i]?.[2] as RegExp);
    }
    assert.equal(readFileSync(path, "utf8"), before);
  });
});
