import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import type { Alert } from "../../../lib/notify/alert.js";
import { DeliveryFailure } from "../../../lib/notify/channel.js";
import type { Delivery, FailedDelivery, Notifier } from "../../../lib/notify/notifier.js";
import { notifyPaths, openNotifier } from "../../../lib/notify/open-notifier.js";
import { readNotifySettings } from "../../../lib/notify/settings.js";
import { FakeClock } from "../privacy/fake-clock.js";
import { alertOf, FakeChannel, NOON, settle, temporaryFolder } from "./support.js";

const SECOND = 1000;
const DELIVER = async () => undefined;

describe("Notifier", () => {
  const folder = temporaryFolder();
  const paths = notifyPaths(folder, "n1");
  const clock = new FakeClock(NOON);
  let open: Notifier | undefined;
  let delivered: Delivery[];
  let failed: FailedDelivery[];
  let warnings: string[];

  beforeEach(() => {
    delivered = [];
    failed = [];
    warnings = [];
  });
  afterEach(async () => {
    await open?.close();
    open = undefined;
    for (const path of Object.values(paths)) rmSync(path, { force: true });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function start(channel: FakeChannel, settings: Record<string, unknown> = {}, random = () => 0.5): Notifier {
    const listener = {
      delivered: (delivery: Delivery) => delivered.push(delivery),
      failed: (delivery: FailedDelivery) => failed.push(delivery),
      warn: (text: string) => warnings.push(text),
    };
    open = openNotifier(paths, readNotifySettings(settings), channel, clock, listener, random);
    return open;
  }

  async function pass(milliseconds: number): Promise<void> {
    await settle();
    for (let rest = milliseconds; rest > 0; rest -= SECOND) {
      clock.advance(Math.min(SECOND, rest));
      await settle();
    }
  }

  /** Fails so often, then delivers. */
  function failing(times: number, failure: () => unknown): FakeChannel {
    let left = times;
    return new FakeChannel(async () => {
      if (left-- > 0) throw failure();
      return undefined;
    });
  }

  it("delivers and reports", async () => {
    const channel = new FakeChannel(DELIVER);
    const notifier = start(channel);
    const alert = alertOf();
    notifier.accept(alert);
    await settle();
    assert.deepEqual(channel.sent, [alert]);
    assert.deepEqual(delivered, [{ channel: "webhook", id: alert.id, at: clock.now(), attempts: 1 }]);
    assert.deepEqual(notifier.state, {
      queued: 0,
      held: 0,
      delivered: 1,
      failed: 0,
      dropped: 0,
      oldestAgeSec: null,
      lastError: null,
    });
  });

  it("tries again with growing delays until it succeeds, in the order of the alerts", async () => {
    const channel = failing(3, () => Object.assign(new Error("secret text"), { code: "ECONNREFUSED" }));
    const notifier = start(channel);
    notifier.accept(alertOf({ title: "one" }));
    notifier.accept(alertOf({ title: "two", source: "other" }));
    await settle();
    assert.equal(channel.sent.length, 1);
    assert.equal(notifier.state.lastError, "cannot deliver to alerts.example: ECONNREFUSED");
    // Half of 0.5 s, 1 s, 2 s.
    await pass(249);
    assert.equal(channel.sent.length, 1);
    await pass(1);
    assert.equal(channel.sent.length, 2);
    await pass(500);
    assert.equal(channel.sent.length, 3);
    await pass(1000);
    assert.deepEqual(
      channel.sent.map(({ title }) => title),
      ["one", "one", "one", "one", "two"],
    );
    assert.deepEqual(
      delivered.map(({ attempts }) => attempts),
      [4, 1],
    );
    assert.equal(notifier.state.lastError, null);
  });

  it("waits as long as the server asks", async () => {
    const channel = failing(1, () => new DeliveryFailure("too many", { retryAfterMs: 30_000 }));
    start(channel, {}, () => 0).accept(alertOf());
    await pass(29 * SECOND);
    assert.equal(channel.sent.length, 1);
    await pass(SECOND);
    assert.equal(channel.sent.length, 2);
  });

  it("puts what is refused for good into a file and goes on with the next", async () => {
    const channel = failing(1, () => new DeliveryFailure("alerts.example answered 404", { permanent: true }));
    const notifier = start(channel);
    const alert = alertOf();
    notifier.accept(alert);
    notifier.accept(alertOf({ source: "other" }));
    await settle();
    assert.equal(delivered.length, 1);
    assert.deepEqual(failed[0]?.alert, alert);
    assert.equal(notifier.state.failed, 1);
    const letter = JSON.parse(readFileSync(paths.deadLetters, "utf8"));
    assert.deepEqual([letter.alert.id, letter.error], [alert.id, "alerts.example answered 404"]);
  });

  it("gives up what is too old", async () => {
    const channel = failing(Number.POSITIVE_INFINITY, () => new DeliveryFailure("down"));
    const notifier = start(channel, { giveUpHours: 1 });
    notifier.accept(alertOf());
    await settle();
    for (let minute = 0; minute < 61; minute++) {
      clock.advance(60 * SECOND);
      await settle();
    }
    assert.equal(failed.length, 1);
    assert.equal(notifier.state.queued, 0);
  });

  it("ends an attempt that takes too long", async () => {
    let signal: AbortSignal | undefined;
    const channel = new FakeChannel((_alert, given) => {
      signal = given;
      return new Promise(() => {});
    });
    const notifier = start(channel);
    notifier.accept(alertOf());
    await pass(15 * SECOND);
    assert.equal(signal?.aborted, true);
    assert.equal(notifier.state.lastError, "alerts.example did not answer in time");
  });

  it("delivers after a restart what it had taken over, and tells of what it had held back", async () => {
    const down = failing(Number.POSITIVE_INFINITY, () => new DeliveryFailure("down"));
    const first = start(down, { perMinute: 1 });
    const alert = alertOf();
    first.accept(alert);
    for (let i = 0; i < 4; i++) first.accept(alertOf({ source: `pump-${i}` }));
    first.accept(alert);
    await settle();
    assert.deepEqual([first.state.queued, first.state.held], [1, 5]);
    await first.close();
    assert.equal(down.isClosed, true);

    const channel = new FakeChannel(DELIVER);
    const second = start(channel);
    await pass(2 * SECOND);
    assert.equal(channel.sent[0]?.id, alert.id);
    assert.match(channel.sent[1]?.title ?? "", /^5 more alerts from 4 sources$/);
    assert.equal(second.state.held, 0);
  });

  it("keeps held counts on disk while it runs", async () => {
    const notifier = start(new FakeChannel(DELIVER));
    for (let i = 0; i < 8; i++) notifier.accept(alertOf());
    await pass(6 * SECOND);
    assert.equal(JSON.parse(readFileSync(paths.held, "utf8")).total, 7);
  });

  it("counts what a full queue drops, and warns once", async () => {
    const notifier = start(new FakeChannel(() => new Promise(() => {})), { capacity: 10, perMinute: 600, window: 0 });
    for (let i = 0; i < 15; i++) notifier.accept(alertOf());
    assert.deepEqual([notifier.state.queued, notifier.state.dropped], [10, 5]);
    assert.deepEqual(warnings, ["the queue is full: the oldest alerts are dropped"]);
  });

  it("sends a test past queue and limits, and says why it failed", async () => {
    const sent: Alert[] = [];
    const channel = new FakeChannel(async (alert) => {
      sent.push(alert);
      if (sent.length > 1) throw new DeliveryFailure("alerts.example refuses the login");
      return undefined;
    });
    const notifier = start(channel, { quietFrom: "00:00", quietTo: "23:59", timeZone: "UTC" });
    assert.equal(await notifier.test(), "alerts.example");
    assert.equal(sent[0]?.type, "test");
    await assert.rejects(notifier.test(), /refuses the login/);
    assert.equal(notifier.state.delivered, 0);
  });
});

describe("readNotifySettings", () => {
  it("has defaults for what is empty", () => {
    assert.deepEqual(readNotifySettings({ window: "", quietFrom: "" }), {
      minSeverity: "warning",
      windowMs: 60_000,
      perMinute: 10,
      capacity: 1000,
      giveUpMs: 86_400_000,
    });
  });

  it("refuses what makes no sense, by name", () => {
    const wrong: [Record<string, unknown>, RegExp][] = [
      [{ minSeverity: "loud" }, /minSeverity/],
      [{ window: -1 }, /window/],
      [{ perMinute: 0 }, /perMinute/],
      [{ capacity: 1.5 }, /capacity/],
      [{ giveUpHours: "x" }, /giveUpHours/],
      [{ quietFrom: "22:00" }, /quietFrom and quietTo/],
      [{ quietFrom: "22:00", quietTo: "25:00" }, /25:00/],
      [{ quietFrom: "22:00", quietTo: "06:00", timeZone: "Mars/Olympus" }, /Mars/],
    ];
    for (const [raw, expected] of wrong)
      assert.throws(() => readNotifySettings(raw), { name: "RangeError", message: expected });
  });
});
