import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventsTo, LedgerFolder, ORIGIN } from "../support/ledgers.js";
import { jsonLines, runCli } from "./run-cli.js";

describe("redoubt export-ledger, verify-ledger", () => {
  let folder: LedgerFolder;
  let vkey: string;
  let exported: string;
  before(async () => {
    folder = new LedgerFolder();
    const ledger = folder.open();
    vkey = ledger.vkey;
    ledger.append(eventsTo(40));
    exported = join(folder.path, "export");
    // With the ledger open here: an export does not disturb who writes.
    const files = ["--ledger", join(folder.path, "ledger.db"), "--key", join(folder.path, "log.pem")];
    const result = await runCli(["export-ledger", exported, "--origin", ORIGIN, ...files, "--json"]);
    assert.equal(result.stderr, "");
    assert.deepEqual(jsonLines(result), [{ size: 40, checkpoints: 1, files: 8, vkey }]);
  });
  after(() => folder.remove());

  it("verifies what it exported, and says where the key came from", async () => {
    const pinned = await runCli(["verify-ledger", exported, "--vkey", vkey]);
    assert.deepEqual([pinned.code, pinned.stderr], [0, ""]);
    assert.match(pinned.stdout, /gateway-1: 40 entries \(0 erased\), 1 checkpoints/);
    assert.doesNotMatch(pinned.stdout, /Pin it/);
    assert.match((await runCli(["verify-ledger", exported])).stdout, /says nothing about who made it/);
    const [report] = jsonLines(await runCli(["verify-ledger", exported, "--json"]));
    assert.deepEqual([report?.ok, report?.entries, report?.keyPinned], [true, 40, false]);
  });

  it("names the first bad entry with exit code 1", async () => {
    const path = join(exported, "entries.jsonl");
    const whole = readFileSync(path, "utf8");
    const lines = whole.split("\n");
    lines[17] = (lines[17] as string).replace(/"salt":"../, '"salt":"!!');
    writeFileSync(path, lines.join("\n"));
    try {
      const result = await runCli(["verify-ledger", exported]);
      assert.deepEqual([result.code, result.stdout], [1, ""]);
      assert.match(result.stderr, /^redoubt: entry 17: its data is not what its leaf is the hash of\n$/);
      const json = await runCli(["verify-ledger", exported, "--json"]);
      assert.equal(json.code, 1);
      assert.deepEqual([jsonLines(json)[0]?.ok, jsonLines(json)[0]?.where], [false, "entry 17"]);
    } finally {
      writeFileSync(path, whole);
    }
  });

  it("holds the log against anchors from elsewhere", async () => {
    const path = join(folder.path, "anchors.json");
    writeFileSync(path, JSON.stringify([{ size: 12, rootHash: folder.open().rootAt(12).toString("hex") }]));
    assert.equal((await runCli(["verify-ledger", exported, "--anchors", path])).code, 0);
    writeFileSync(path, JSON.stringify([{ size: 12, rootHash: "ab".repeat(32) }]));
    const result = await runCli(["verify-ledger", exported, "--anchors", path]);
    assert.equal(result.code, 1);
    assert.match(result.stderr, /anchor of size 12: its root is not that of the entries/);
  });

  it("tells wrong use from a bad log", async () => {
    for (const args of [
      ["verify-ledger", join(folder.path, "none")],
      ["verify-ledger", exported, "--vkey", "x"],
      ["verify-ledger", exported, "--anchors", join(folder.path, "none.json")],
      ["verify-ledger"],
      ["export-ledger", join(folder.path, "other")],
    ]) {
      assert.equal((await runCli(args)).code, 2, args.join(" "));
    }
    const missing = await runCli([
      "export-ledger",
      join(folder.path, "other"),
      "--origin",
      ORIGIN,
      "--ledger",
      "none.db",
    ]);
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /there is no ledger/);
  });
});
