import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { occupancyCommand } from "../../cli/commands/occupancy.js";
import { CommandFailure, UsageFailure } from "../../cli/failure.js";
import { createKeyFile, loadKeyFile } from "../../lib/envelope/key-file.js";
import { StoreFailure } from "../../lib/occupancy/failure.js";
import { onFloor } from "../../lib/occupancy/floor.js";
import { parseStoreUrl } from "../../lib/occupancy/store/store-url.js";
import { fixRollUps } from "../support/occupancy.js";

const MAC = "02:00:00:00:00:01";

function logLine(mac: string, time: string, ap: string, duration: string): string {
  const cells = [
    "10.0.0.1",
    mac,
    time,
    "Apple",
    ap,
    "phone",
    "map",
    "guest",
    "default",
    "1",
    "ac",
    duration,
    "WPA2",
    "5",
  ];
  return `${cells.join("\t")}\n`;
}

const LOG = [
  logLine(MAC, "2026-11-30 23:50:00", "f1-01", "20 min 0 sec"),
  logLine("02:00:00:00:00:02", "2026-11-30 10:00:00", "f1-02", "1 hrs 0 min 0 sec"),
  logLine("02:00:00:00:00:02", "2026-11-30 10:00:00", "f1-02", "1 hrs 0 min 0 sec"),
  logLine("02:00:00:00:00:03", "2026-11-30 10:30:00", "f10-01", "5 sec"),
  "this is no line of a log\n",
].join("");

describe("redoubt occupancy", function () {
  this.timeout(120_000);
  let home: string;
  const environment = { home: process.env.REDOUBT_HOME, url: process.env.REDOUBT_OCCUPANCY_URL };

  before(() => {
    home = mkdtempSync(join(tmpdir(), "redoubt-occupancy-"));
    process.env.REDOUBT_HOME = home;
    delete process.env.REDOUBT_OCCUPANCY_URL;
    writeFileSync(join(home, "log.tsv"), LOG);
  });
  after(() => {
    if (environment.home === undefined) delete process.env.REDOUBT_HOME;
    else process.env.REDOUBT_HOME = environment.home;
    if (environment.url !== undefined) process.env.REDOUBT_OCCUPANCY_URL = environment.url;
    rmSync(home, { recursive: true, force: true });
  });

  /** Runs a command and collects its standard output; throws what it throws. */
  async function run(...args: string[]): Promise<string[]> {
    const printed: string[] = [];
    const { log, error } = console;
    console.log = (text: string) => printed.push(...text.split("\n"));
    console.error = () => {};
    try {
      const quiet = (command: Command) => {
        command.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
        command.commands.forEach(quiet);
      };
      const command = occupancyCommand();
      quiet(command);
      await command.parseAsync(args, { from: "user" });
    } finally {
      console.log = log;
      console.error = error;
    }
    return printed;
  }
  async function json(...args: string[]): Promise<Record<string, unknown>> {
    return JSON.parse((await run(...args, "--json")).join("")) as Record<string, unknown>;
  }
  const NOVEMBER_30 = ["--from", "2026-11-30", "--to", "2026-12-01"];

  it("says what is missing before there is anything", async () => {
    const wrong = async (expected: RegExp, ...args: string[]) =>
      await assert.rejects(run(...args), (error: Error) => {
        assert.ok(error instanceof CommandFailure, error.stack);
        assert.match(error.message, expected);
        assert.ok(!error.message.includes("\n"));
        return true;
      });
    await wrong(/keys generate --profile aes-256/, "presence", "--mac", MAC, ...NOVEMBER_30);
    createKeyFile(join(home, "keys", "occupancy.key"), "aes-256");
    await wrong(/there is no occupancy database/, "presence", "--mac", MAC, ...NOVEMBER_30);
    await wrong(/none\.tsv/, "ingest", join(home, "none.tsv"));
  });

  it("stores a log and counts what it refuses, what says nothing and what comes twice", async () => {
    const { all: masters } = loadKeyFile(join(home, "keys", "occupancy.key"));
    await fixRollUps({ kind: "sqlite", path: join(home, "state", "occupancy.db") }, masters);
    const summary = await json("ingest", join(home, "log.tsv"), "--rollup", "--padding", "pow2");
    assert.equal(summary.lines, 5);
    assert.deepEqual(summary.refused, { FORMAT: 1 });
    assert.equal(Number(summary.sessions) + Number(summary.repeated), 4);
    assert.ok(Number(summary.rollUps) > 0);
    writeFileSync(join(home, "bad.tsv"), "nothing\nof use\n");
    await assert.rejects(run("ingest", join(home, "bad.tsv")), /holds no session/);
  });

  it("answers who was there, over midnight and the month's end", async () => {
    const answer = await json("presence", "--mac", MAC, "--from", "2026-12-01", "--to", "2026-12-01T00:05");
    assert.equal(answer.present, true);
    const stay = { from: "2026-11-30T23:50:00Z", to: "2026-12-01T00:10:00Z", ap: "f1-01", isOpen: false };
    assert.deepEqual(answer.intervals, [stay]);
    assert.deepEqual(await run("presence", "--mac", MAC, "--from", "2026-12-01T00:10", "--to", "2026-12-02"), ["no"]);
    const local = ["--from", "2026-12-01T01:05", "--to", "2026-12-01T01:06", "--time-zone", "Europe/Berlin"];
    assert.deepEqual((await run("presence", "--mac", MAC.replaceAll(":", "-"), ...local))[0], "yes");
  });

  it("counts devices at an access point, on a floor and anywhere, exactly and by roll-ups", async () => {
    assert.deepEqual(await run("count", "--ap", "f1-02", ...NOVEMBER_30), ["1"]);
    assert.deepEqual(await run("count", "--ap", "f1-02", "f1-01", ...NOVEMBER_30), ["2"]);
    assert.deepEqual(await run("count", "--floor", "f1", ...NOVEMBER_30), ["2"]);
    assert.deepEqual(await run("count", "--all", ...NOVEMBER_30), ["3"]);
    const estimate = await json("count", "--all", "--rollup", ...NOVEMBER_30);
    assert.deepEqual([estimate.count, estimate.isEstimate, estimate.missing], [3, true, 0]);
    await assert.rejects(run("count", "--ap", "f1-2", ...NOVEMBER_30), /no session was ever at/);
    await assert.rejects(run("count", "--floor", "g", ...NOVEMBER_30), CommandFailure);
    await assert.rejects(run("count", "--floor", "f1", "--all", ...NOVEMBER_30), UsageFailure);
  });

  it("refuses times, addresses and databases that are none with exit code 2", async () => {
    const cases = [
      ["presence", "--mac", "alice", ...NOVEMBER_30],
      ["presence", "--mac", MAC, "--from", "yesterday", "--to", "2026-12-01"],
      ["presence", "--mac", MAC, "--from", "2026-12-01", "--to", "2026-12-01"],
      ["count", "--all", ...NOVEMBER_30, "--database", "oracle://u@h/d"],
      ["count", "--all", ...NOVEMBER_30, "--database", "postgresql://u:secret@h/d"],
      ["retention", "--before", "never"],
      ["retention", "--before", "202601", "--keep", "2"],
    ];
    for (const args of cases) {
      await assert.rejects(run(...args), (error: Error) => {
        assert.ok(error instanceof UsageFailure, `${args.join(" ")}: ${error.stack}`);
        assert.ok(!error.message.includes("secret"));
        return true;
      });
    }
  });

  it("rotates the key, checks every row, and refuses a key that is none of it", async () => {
    const keyFile = join(home, "keys", "occupancy.key");
    const before = readFileSync(keyFile, "utf8");
    assert.ok(Number((await json("rotate")).rotated) >= 2);
    assert.notEqual(readFileSync(keyFile, "utf8"), before);
    assert.equal((await json("rotate", "--continue")).rotated, 0);
    assert.equal((await json("verify")).ok, true);
    assert.deepEqual(await run("count", "--all", ...NOVEMBER_30), ["3"]);
    createKeyFile(join(home, "keys", "other.key"), "aes-256");
    const other = ["--key-file", join(home, "keys", "other.key")];
    await assert.rejects(run("count", "--all", ...NOVEMBER_30, ...other), /not in the key file/);
    const untouched = readFileSync(join(home, "keys", "other.key"), "utf8");
    await assert.rejects(run("rotate", ...other), CommandFailure);
    assert.equal(readFileSync(join(home, "keys", "other.key"), "utf8"), untouched);
  });

  it("forgets a device, and months", async () => {
    assert.equal((await json("forget", "--mac", MAC)).sessions, 1);
    assert.deepEqual(await run("presence", "--mac", MAC, "--from", "2026-11-01", "--to", "2027-01-01"), ["no"]);
    assert.deepEqual(await run("count", "--all", ...NOVEMBER_30), ["2"]);
    assert.deepEqual(await run("retention"), ["202611", "202612"]);
    assert.deepEqual((await json("retention", "--before", "202612")).dropped, ["202611"]);
    assert.deepEqual(await run("retention"), ["202612"]);
  });

  it("takes the database of the environment", async () => {
    process.env.REDOUBT_OCCUPANCY_URL = `sqlite:${join(home, "elsewhere.db")}`;
    try {
      await assert.rejects(run("retention"), /elsewhere\.db: there is no occupancy database/);
      process.env.REDOUBT_OCCUPANCY_URL = "mysql://u:hidden@127.0.0.1:1/d";
      await assert.rejects(run("retention"), (error: Error) => {
        assert.ok(error instanceof CommandFailure);
        assert.match(error.message, /cannot be reached/);
        assert.ok(!error.message.includes("hidden"));
        return true;
      });
    } finally {
      delete process.env.REDOUBT_OCCUPANCY_URL;
    }
  });
});

describe("URL of an occupancy database", () => {
  it("is a file or a server", () => {
    assert.deepEqual(parseStoreUrl("sqlite:a/b.db", "/x"), { kind: "sqlite", path: "/x/a/b.db" });
    assert.deepEqual(parseStoreUrl("sqlite:///a/b.db", "/x"), { kind: "sqlite", path: "/a/b.db" });
    assert.deepEqual(parseStoreUrl("postgres://me:p%40ss@[::1]:5433/logs", "/"), {
      ...{ kind: "postgresql", user: "me", password: "p@ss", host: "::1", port: 5433, database: "logs" },
    });
    assert.deepEqual(parseStoreUrl("mariadb://me@db/logs", "/"), {
      ...{ kind: "mysql", user: "me", host: "db", database: "logs" },
    });
  });

  it("repeats nothing of what it refuses", () => {
    const wrong = [
      "",
      "sqlite:",
      "mysql://db/logs",
      "mysql://u:secret@h",
      "http://u:secret@h/d",
      "mysql://u:secret@h/d?ssl=0",
      "mysql://u:secret%@h/d",
      "mysql://u:secret@h/d?ca=/none.pem",
    ];
    for (const text of wrong) {
      assert.throws(
        () => parseStoreUrl(text, "/"),
        (error) => {
          assert.ok(error instanceof StoreFailure && error.code === "SETTINGS", String(error));
          assert.ok(!error.message.includes("secret"));
          return true;
        },
        text,
      );
    }
  });
});

describe("floor", () => {
  it("is a beginning of names that ends where a word or number ends", () => {
    const names = ["f1-01", "f1", "f10-01", "f1/lobby", "floor", "F1-02"];
    assert.deepEqual(onFloor(names, "f1"), ["f1-01", "f1", "f1/lobby"]);
    assert.deepEqual(onFloor(names, "f1-"), ["f1-01"]);
    assert.deepEqual(onFloor(names, "f"), ["f1-01", "f1", "f10-01", "f1/lobby"]);
  });
});
