import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkLogin, loadLogins } from "../../../lib/access/logins.js";
import { openDatabase } from "../../../lib/common/sqlite.js";
import { Ledger } from "../../../lib/ledger/ledger.js";
import { OccupancyStore } from "../../../lib/occupancy/occupancy-store.js";
import { trustLogic } from "../../../lib/trust/logic.js";
import { ORIGIN } from "../../support/ledgers.js";
import { MASTER, OCTOBER } from "../../support/occupancy.js";

const CHILD = join(__dirname, "..", "..", "support", "first-opening-child.ts");
const PROCESSES = 3;
const ROUNDS = 12;

describe("what several processes make at the same moment", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-first-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("is made once: databases, ledger, keys and logins", async () => {
    const children = Array.from({ length: PROCESSES }, (_, i) =>
      spawn(process.execPath, ["--require", "tsx/cjs", CHILD, folder, String(ROUNDS), String(i), String(PROCESSES)], {
        stdio: ["ignore", "pipe", "inherit"],
      }),
    );
    const told = await Promise.all(
      children.map(async (child) => {
        const closed = once(child, "close");
        let text = "";
        for await (const chunk of child.stdout) text += chunk;
        assert.deepEqual(await closed, [0, null]);
        return text.trimEnd().split("\n");
      }),
    );
    for (let round = 0; round < ROUNDS; round++) {
      assert.equal(new Set(told.map((lines) => lines[round])).size, 1, `round ${round}: one key of each kind`);
      const file = (name: string) => join(folder, String(round), name);
      const database = openDatabase(file("a.db"));
      assert.equal(database.prepare("SELECT count(DISTINCT who) AS n FROM t").get()?.n, PROCESSES);
      database.close();
      const ledger = Ledger.open({
        path: file("ledger.db"),
        keyPath: file("log.pem"),
        origin: ORIGIN,
        trust: trustLogic,
      });
      assert.deepEqual([ledger.size, ledger.vkey], [PROCESSES, JSON.parse(told[0]?.[round] as string).vkey]);
      ledger.close();
      const store = OccupancyStore.open({ store: { kind: "sqlite", path: file("occupancy.db") }, masters: [MASTER] });
      assert.equal((await store.count("all", OCTOBER, OCTOBER + 60)).count, PROCESSES);
      await store.close();
      assert.deepEqual(
        readdirSync(join(folder, String(round))).filter((name) => /lock|tmp/.test(name)),
        [],
      );
    }
    const passwords = readFileSync(join(folder, "initial-passwords.txt"), "utf8");
    for (const role of ["operator", "viewer"]) {
      const password = new RegExp(`^${role} (\\S+)$`, "m").exec(passwords)?.[1] as string;
      assert.equal(await checkLogin(loadLogins(folder), role, password), role);
    }
  });
});
