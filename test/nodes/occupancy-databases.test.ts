import assert from "node:assert/strict";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import helper from "node-red-node-test-helper";
import { createKeyFile, loadKeyFile, rotateKeyFile } from "../../lib/envelope/key-file.js";
import { formatKeyList } from "../../lib/envelope/key-list.js";
import type { CountReply } from "../../lib/occupancy/answer-question.js";
import { OccupancyStore } from "../../lib/occupancy/occupancy-store.js";
import type { PresenceAnswer } from "../../lib/occupancy/query.js";
import { SharedOccupancy } from "../../nodes/common/occupancy.js";
import { runCli } from "../cli/run-cli.js";
import { requireOnMachine } from "../setup.js";
import { missingDatabase, startDatabase } from "../support/databases.js";
import { macOf, OCTOBER } from "../support/occupancy.js";
import { databaseOf, OccupancyFlow, PERIOD, sessions, until } from "../support/occupancy-nodes.js";
import { loggedErrors } from "./envelope-flow.js";

helper.init(require.resolve("node-red"));

const ALL = { question: "count", accessPoints: "all", ...PERIOD };

describe("occupancy nodes and their database", function () {
  this.timeout(240_000);
  let flow: OccupancyFlow;
  const keyFile = (name = "occupancy.key") => join(flow.home, "keys", name);

  before(() => helper.startServer());
  after(() => helper.stopServer());
  beforeEach(() => {
    flow = new OccupancyFlow();
  });
  afterEach(() => flow.close());

  for (const kind of ["postgresql", "mysql"] as const) {
    it(`${kind}: buffer while it is away, and go on when it comes back`, async function () {
      const missing = missingDatabase(kind);
      requireOnMachine(this, missing === undefined, missing ?? "");
      const database = await startDatabase(kind);
      try {
        const settings = databaseOf(await database.fresh());
        await flow.load(settings);
        await flow.send("store", { payload: sessions("f01-lab-01", 6) });
        await flow.written(6);
        assert.equal((await flow.ask<CountReply>(ALL)).count, 6);
        await database.stop();
        const { payload } = await flow.send("store", { payload: sessions("f01-lab-02", 3, 20) });
        assert.equal((payload as { stored: number }).stored, 3);
        await until(() => flow.state?.database === "UNREACHABLE" && flow.state.waiting === 3, "noticing");
        assert.equal(flow.statusOf("store")?.fill, "red");
        // A deploy meanwhile loses nothing either.
        await helper.unload();
        await flow.load(settings);
        await until(() => flow.state?.database === "UNREACHABLE" && flow.state.waiting === 3, "noticing again");
        flow.post("query", { payload: ALL });
        await until(() => loggedErrors().some((text) => /cannot be reached/.test(text)), "an error");
        assert.equal(flow.received.answered.length, 0);
        await database.start();
        await until(() => flow.state?.database === "ok" && flow.state.waiting === 0, "going on");
        assert.equal((await flow.ask<CountReply>(ALL)).count, 9);
      } finally {
        await helper.unload();
        await database.remove();
      }
    });
  }

  it("buffer under a wrong key, say so, and go on with the right one", async () => {
    await flow.load();
    await flow.send("store", { payload: sessions("f01-lab-01", 6) });
    await flow.written(6);
    await helper.unload();
    renameSync(keyFile(), keyFile("right.key"));
    createKeyFile(keyFile(), "aes-256");
    await flow.load();
    await until(() => flow.state?.database === "WRONG_KEY", "noticing");
    assert.match(loggedErrors().join(), /errors\.database/);
    await flow.send("store", { payload: sessions("f01-lab-02", 3, 20) });
    flow.post("query", { payload: ALL });
    await until(() => loggedErrors().some((text) => /is not in the key file/.test(text)), "an error");
    await until(() => flow.state?.waiting === 3, "buffering");
    assert.equal(flow.received.answered.length, 0);
    await helper.unload();
    await flow.load({ store: { keyFile: "right.key" }, query: { keyFile: "right.key" } });
    await until(() => flow.state?.waiting === 0 && flow.state.database === "ok", "going on");
    assert.equal((await flow.ask<CountReply>(ALL)).count, 9);
  });

  it("say which month was written with a key that is gone, and buffer what belongs to it", async () => {
    await flow.load();
    await flow.send("store", { payload: sessions("f01-lab-01", 6) });
    await flow.written(6);
    await helper.unload();
    // A newer key takes the database over, but the month is still under the old one.
    rotateKeyFile(keyFile(), 1);
    const masters = loadKeyFile(keyFile()).all;
    const path = join(flow.home, "state", "occupancy.db");
    const proxy = OccupancyStore.open({ store: { kind: "sqlite", path }, masters });
    await proxy.ingest([{ mac: macOf(70), ap: "f01-lab-01", start: OCTOBER + 40 * 86_400, duration: 60 }]);
    await proxy.close();
    const newest = formatKeyList("aes-256", [{ key: masters[0] as Buffer }]);
    writeFileSync(keyFile("new.key"), newest, { mode: 0o600 });
    await flow.load({ store: { keyFile: "new.key" }, query: { keyFile: "new.key" } });
    await flow.send("store", { payload: sessions("f01-lab-02", 3, 20) });
    await until(() => flow.state?.database === "WRONG_KEY" && flow.state.waiting === 3, "noticing");
    flow.post("query", { payload: { question: "presence", mac: macOf(1), ...PERIOD } });
    await until(() => loggedErrors().some((text) => /month|is not in the key file/.test(text)), "an error");
    assert.equal(flow.received.answered.length, 0);
    await helper.unload();
    await flow.load();
    await until(() => flow.state?.waiting === 0 && flow.state.database === "ok", "going on");
    assert.equal((await flow.ask<CountReply>(ALL)).count, 9);
  });

  const ring = { id: "ring", type: "redoubt-keyring", family: "aes-256", source: "file", path: "occupancy.key" };
  for (const keyring of ["", "ring"]) {
    it(`go on when the command changes the key of a ${keyring ? "keyring" : "file"} while they run`, async () => {
      await flow.load({ more: [ring], store: { keyring }, query: { keyring } });
      await flow.send("store", { payload: sessions("f01-lab-01", 6) });
      await flow.written(6);
      const database = join(flow.home, "state", "occupancy.db");
      for (const [i, ap] of ["f01-lab-02", "f01-lab-03"].entries()) {
        const command = ["occupancy", "rotate", "--database", `sqlite:${database}`, "--key-file", keyFile()];
        const { code, stderr } = await runCli(command);
        assert.equal(code, 0, stderr);
        assert.equal(loadKeyFile(keyFile()).all.length, i + 2);
        // One of them begins a month.
        const later = { mac: macOf(90), ap, start: OCTOBER + (i + 1) * 40 * 86_400, duration: 60 };
        await flow.send("store", { payload: [...sessions(ap, 3, 20 + 10 * i), later] });
        await flow.written(6 + 4 * (i + 1));
        assert.equal((await flow.ask<CountReply>(ALL)).count, 6 + 3 * (i + 1));
      }
      assert.deepEqual(
        loggedErrors().filter((text) => /\bkey\b/.test(text)),
        [],
      );
      await helper.unload();
      // What was written since is under the new key, the month that began as well.
      const newest = OccupancyStore.open({
        store: { kind: "sqlite", path: database },
        masters: [loadKeyFile(keyFile()).primary],
      });
      try {
        const ofOctober = await newest.count("all", PERIOD.from, PERIOD.to);
        const stays = (await newest.presence(macOf(90), PERIOD.to, PERIOD.to + 200 * 86_400)).intervals;
        assert.deepEqual([ofOctober.count, stays.length], [12, 2]);
      } finally {
        await newest.close();
      }
    });
  }

  it("join who came before them with a key that was changed since, and not with another one", () => {
    const [old, changed, other] = [1, 2, 3].map((byte) => Buffer.alloc(32, byte)) as [Buffer, Buffer, Buffer];
    let file = [old];
    const path = join(flow.home, "state", "joined.db");
    const shared = new SharedOccupancy(
      { kind: "sqlite", path },
      file,
      () => file,
      () => {},
    );
    shared.join("first", [old]);
    assert.throws(() => shared.join("second", [changed, old]), /another key/);
    file = [changed, old];
    shared.join("second", [changed, old]);
    assert.deepEqual(shared.masters, file);
    assert.throws(() => shared.join("third", [other]), /another key/);
  });

  it("keep to the months that they are told to keep", async () => {
    await flow.load();
    const now = Math.floor(Date.now() / 1000);
    const payload = [
      { mac: macOf(1), ap: "f01-lab-01", start: now - 70 * 86_400, duration: 60 },
      { mac: macOf(1), ap: "f01-lab-01", start: now - 10, duration: 5 },
    ];
    await flow.send("store", { payload });
    await flow.written(2);
    // This month and the one before: the first of a month is no other day.
    await helper.unload();
    await flow.load({ store: { retention: 2 } });
    const asked = { question: "presence", mac: macOf(1), from: now - 100 * 86_400, to: now + 1 };
    await until(async () => (await flow.ask<PresenceAnswer>(asked)).intervals.length === 1, "dropping");
  });

  it("refuse settings that cannot work: nothing passes, and an error says what to mend", async () => {
    const cases: [Parameters<OccupancyFlow["load"]>[0], RegExp][] = [
      [{ database: { kind: "postgresql", host: "127.0.0.1", user: "u" } }, /name of the database/],
      [{ database: { kind: "mysql", host: "a b", user: "u", database: "d" } }, /host must be/],
      [{ database: { kind: "mysql", port: "70000", user: "u", database: "d" } }, /port must be/],
      [{ database: { kind: "oracle" } }, /sqlite, postgresql, mysql/],
      [{ database: { kind: "mysql", user: "u", database: "d", ca: "none.pem" } }, /certificate cannot be read/],
      [{ store: { keyFile: "none.key" }, query: { keyFile: "none.key" } }, /redoubt keys generate --profile aes-256/],
      [{ store: { store: "gone" }, query: { store: "gone" } }, /no database is chosen/],
      [{ store: { padding: "fixed", paddingRows: 0 }, query: {} }, /padding must be/],
      [{ store: { timeZone: "Mars/Base" }, query: { timeZone: "Mars/Base" } }, /not a time zone/],
      [{ query: { ledger: "gone" } }, /no ledger is chosen/],
    ];
    for (const [settings, reason] of cases) {
      await flow.load(settings);
      assert.match(loggedErrors().join("\n"), reason);
      assert.equal(flow.received.stored.length + flow.received.answered.length, 0);
      await helper.unload();
    }
    // Two different keys for one database, and two nodes that write to one.
    createKeyFile(keyFile("other.key"), "aes-256");
    await flow.load({ query: { keyFile: "other.key" } });
    assert.match(loggedErrors().join("\n"), /another key/);
    await helper.unload();
    const second = { id: "second", type: "redoubt-occupancy-store", z: "flow", store: "database" };
    await flow.load({ more: [second] });
    assert.match(loggedErrors().join("\n"), /another occupancy-store node writes/);
  });
});
