import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectAsync } from "mqtt";
import { simulateCommand } from "../../cli/commands/simulate.js";
import { CommandFailure, UsageFailure } from "../../cli/failure.js";
import { WIFI_TOPIC } from "../../lib/broker/accounts.js";
import type { Session } from "../../lib/occupancy/session.js";
import { LogReader } from "../../lib/occupancy/wifi-log/log-reader.js";
import { Campus } from "../../simulator/wifi/campus.js";
import { type FEED_FORMS, LiveCampus, messageOf } from "../../simulator/wifi/live-campus.js";
import { publishLive } from "../../simulator/wifi/publish-live.js";
import { type EmbeddedTestBroker, startEmbeddedBroker } from "../support/brokers.js";
import { freePort } from "../support/free-port.js";

const NOON = Date.UTC(2026, 10, 18, 12) / 1000;

describe("live campus", () => {
  const campus = new Campus({ seed: 2, devices: 2000 });

  /** What a store would hold in the end, by device and beginning. */
  function told(form: (typeof FEED_FORMS)[number], stepSec: number): Map<string, Session> {
    const live = new LiveCampus(campus, 5000, NOON - 3600);
    const reader = new LogReader({ now: () => NOON });
    const stored = new Map<string, Session>();
    for (let time = NOON - 3600; time <= NOON + 3600; time += stepSec) {
      for (const event of live.advance(time)) {
        const message = messageOf(campus, event, form);
        for (const session of message === undefined ? [] : reader.read(message)) {
          const name = `${session.mac} ${session.start}`;
          if (session.duration !== "open" || !stored.has(name)) stored.set(name, session);
        }
      }
    }
    return stored;
  }

  it("tells the same sessions in every form, whatever the pace", () => {
    const json = told("json", 60);
    assert.ok(json.size > 300, String(json.size));
    assert.deepEqual([...told("json", 600).entries()].sort(), [...json.entries()].sort());
    const closed = [...json.values()].filter(({ duration }) => duration !== "open");
    assert.ok(closed.length > 200 && closed.length < json.size);
    const fields = told("fields", 60);
    assert.deepEqual([...fields.values()].sort(byStart), closed.sort(byStart));
    const syslog = told("syslog", 60);
    for (const session of closed) {
      const name = `${session.mac} ${session.start}`;
      // A device whose session of no length came at once is not told to have come.
      assert.deepEqual(syslog.get(name), session, name);
    }
  });

  it("knows who is there", () => {
    const live = new LiveCampus(campus, 5000, NOON);
    const events = live.advance(NOON);
    assert.ok(events.length > 20 && events.every(({ kind }) => kind === "join"));
    assert.equal(live.present, events.length);
    for (const { session } of events) assert.ok(session.start <= NOON && session.start + session.duration > NOON);
  });
});

function byStart(a: Session, b: Session): number {
  return a.start - b.start || a.mac.localeCompare(b.mac);
}

describe("redoubt simulate wifi", function () {
  this.timeout(120_000);
  let folder: string;
  let broker: EmbeddedTestBroker;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-wifi-"));
    broker = await startEmbeddedBroker();
  });
  after(async () => {
    await broker.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function run(...args: string[]): Promise<unknown> {
    const command = simulateCommand();
    for (const each of [command, ...command.commands]) {
      each.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
    }
    return command.parseAsync(["wifi", ...args], { from: "user" });
  }

  it("writes a log of so many lines, the same for the same seed", async () => {
    const [first, second] = [join(folder, "a.tsv"), join(folder, "b.tsv")];
    for (const out of [first, second]) {
      await run("--out", out, "--sessions", "2000", "--days", "3", "--from", "2026-10-30", "--seed", "9");
    }
    const text = readFileSync(first, "utf8");
    assert.equal(readFileSync(second, "utf8"), text);
    const reader = new LogReader({ format: "fields" });
    const sessions = text.split("\n").flatMap((line) => reader.read(line));
    assert.equal(sessions.length, 2000);
    assert.ok(sessions.some(({ start }) => start < Date.UTC(2026, 9, 31) / 1000));
    assert.ok(sessions.some(({ start }) => start >= Date.UTC(2026, 10, 1) / 1000));
  });

  it("publishes what has happened and goes on", async () => {
    const reader = await connectAsync(broker.url, { ...broker.accounts.occupancy, clientId: "reader" });
    const heard: Session[] = [];
    const log = new LogReader();
    reader.on("message", (_topic, payload) => heard.push(...log.read(payload)));
    await reader.subscribeAsync(WIFI_TOPIC, { qos: 1 });
    let sent = 0;
    const running = await publishLive({
      ...{ url: broker.url, accounts: (name) => broker.accounts[name], form: "json" },
      // On a Sunday it is a tenth of that.
      ...{ seed: 1, daily: 10_000, backfillSec: 24 * 3600, durationSec: 2 },
      onProgress: (_seconds, count) => {
        sent = count;
      },
    });
    await running.ended;
    while (heard.length < sent) await new Promise((resolve) => setTimeout(resolve, 50));
    await reader.endAsync();
    assert.ok(sent > 500, String(sent));
    assert.equal(heard.length, sent);
  });

  it("fails with one line for a broker that is not there and an option that is out of place", async () => {
    await assert.rejects(run("--url", `mqtt://127.0.0.1:${await freePort()}`), (error: Error) => {
      assert.ok(error instanceof CommandFailure, error.stack);
      assert.match(error.message, /wifi-controller cannot connect to the broker/);
      return true;
    });
    await assert.rejects(run("--sessions", "5"), UsageFailure);
    await assert.rejects(run("--out", join(folder, "x"), "--form", "json"), UsageFailure);
    await assert.rejects(run("--out", join(folder, "no", "where.tsv")), CommandFailure);
    await assert.rejects(run("--out", "x", "--from", "2026-02-30"), /a day like/);
  });
});
