import assert from "node:assert/strict";
import helper from "node-red-node-test-helper";
import type { PrivacyReport } from "../../lib/privacy/report.js";
import { MaskFlow, MINUTE } from "./mask-flow.js";

helper.init(require.resolve("node-red"));

const warned = (text: string) => helper.log().args.filter(([{ msg }]) => String(msg).includes(text)).length;

describe("mask node's options", () => {
  let flow: MaskFlow;
  afterEach(() => flow.unload());

  const report = () => flow.received.report.at(-1)?.payload as PrivacyReport;

  it("alarm-only sends a report a minute, alarms, and nothing on the first output", async () => {
    flow = await MaskFlow.load({ mechanism: "alarm-only" });
    await flow.send("mask1", ...flow.zone(1, { temperature_C: 33 }));
    await flow.advance(20_000);
    await flow.send("mask1", ...flow.zone(1, { temperature_C: 33 }));
    await flow.tick();
    await flow.tick();
    assert.deepEqual(flow.received.masked, []);
    assert.equal(flow.received.alarms.length, 2);
    assert.equal(flow.received.report.length, 2);
    assert.equal(report().claim, "no values leave");
    assert.notEqual(flow.status(), "redoubt-mask.status.no-data");
  });

  it("quantize publishes steps", async () => {
    flow = await MaskFlow.load({ mechanism: "quantize", step: "0.5" });
    await flow.send("mask1", ...flow.zone(1));
    assert.equal((flow.received.masked[0]!.payload as { temperature: number }).temperature, 27);
    assert.equal(report().perEvent.epsilon, null);
  });

  it("shows a spent budget, keeps it over a restart, and goes on after midnight UTC", async () => {
    const settings = { groupSize: 1, budgetDay: 3, onExhausted: "suppress" };
    flow = await MaskFlow.load(settings);
    const minute = async () => {
      await flow.send("mask1", ...flow.zone(1));
      await flow.tick();
    };
    let released = 0;
    while (report()?.budget?.exhausted !== true) {
      await minute();
      released = flow.received.masked.length;
    }
    assert.ok(released > 0);
    assert.equal(flow.status(), "redoubt-mask.status.exhausted");
    assert.equal(report().budget?.resumes, "2026-11-22T00:00:00Z");
    await flow.restart(settings);
    await minute();
    assert.deepEqual(flow.received.masked, [], "a restart does not refill the day");
    assert.equal(report().total.releases, released);
    flow.clock.set(Date.UTC(2026, 10, 21, 23, 59, 1));
    await minute();
    await minute();
    assert.ok(flow.received.masked.length > 0, "midnight does");
    assert.ok(report().total.releases > released, "but not the total");
    assert.notEqual(flow.status(), "redoubt-mask.status.exhausted");
  });

  it("releases random alarms at the end of their window, with no moment but that", async () => {
    flow = await MaskFlow.load({ alarmRelease: "sparse-vector", alarmEpsilon: 1000, sensitivity: 0.1 });
    await flow.send("mask1", ...flow.zone(8, { temperature_C: 35 }));
    await flow.advance(20_049);
    assert.deepEqual(flow.received.alarms, []);
    await flow.advance(1);
    assert.deepEqual(
      flow.received.alarms.map(({ payload }) => payload),
      [{ alarm: "overheat", state: "on", since: "2026-11-21T12:00:20.000Z", group: "default" }],
    );
    await flow.tick();
    assert.equal(report().alarms?.release, "sparse-vector");
    assert.ok(report().alarms!.runsToday >= 2);
  });

  it("refuses readings of another time, if asked to", async () => {
    flow = await MaskFlow.load({ maxAge: "60" });
    await flow.send("mask1", ...flow.zone(1, { timestamp: flow.clock.now() - 61_000 }));
    assert.deepEqual(
      flow.received.rejected.map(({ rejected }) => rejected?.code),
      ["STALE"],
    );
  });

  it("warns of two masks of the same sensors, until one of them is gone", async () => {
    flow = await MaskFlow.load({ name: "hall" }, { name: "roof" });
    await flow.send("mask1", ...flow.zone(8));
    assert.equal(warned("redoubt-mask.errors.shared"), 0);
    await flow.send("mask2", ...flow.zone(8));
    await flow.send("mask1", ...flow.zone(8));
    assert.equal(warned("redoubt-mask.errors.shared"), 2, "once on each");
    assert.equal(flow.status(), "redoubt-mask.status.shared");
    await flow.tick();
    assert.deepEqual(report().sharedWith, ["roof"]);
    await flow.restart({ name: "hall" });
    await flow.send("mask1", ...flow.zone(8));
    await flow.tick();
    assert.equal(report().sharedWith, undefined);
  });

  it("neither releases twice nor stops when the gateway's clock is set", async () => {
    flow = await MaskFlow.load({ groupSize: 1 });
    const sent: number[] = [];
    for (const jump of [0, 0, 50_000, 0, -50_000, 0, -3_600_000, 0, 7_200_000, 0, 0]) {
      for (let second = 0; second < 60; second += 10) {
        await flow.send("mask1", ...flow.zone(1));
        const before = flow.received.masked.length;
        await flow.advance(10_000);
        if (flow.received.masked.length > before) sent.push(flow.clock.monotonic());
      }
      flow.clock.set(flow.clock.now() + jump);
    }
    assert.ok(sent.length >= 7, `${sent.length} releases in 11 minutes`);
    for (const [i, at] of sent.entries()) {
      const gap = at - (sent[i - 1] ?? at - MINUTE);
      assert.ok(gap >= MINUTE - 10_000 && gap <= 2 * MINUTE, `${gap} ms between releases`);
    }
    assert.equal(report().total.releases, sent.length);
  });
});
