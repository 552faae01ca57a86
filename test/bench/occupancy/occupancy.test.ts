import assert from "node:assert/strict";
import { join } from "node:path";
import type { Figure } from "../../../bench/harness/figure.js";
import { scratchFolder } from "../../../bench/harness/leftovers.js";
import { occupancyFigures } from "../../../bench/occupancy/figures.js";
import { FullScan } from "../../../bench/occupancy/full-scan.js";
import { measureOccupancy, type OccupancyMeasurements } from "../../../bench/occupancy/measure.js";
import { type Finished, PlainIndex } from "../../../bench/occupancy/plain-index.js";
import { CASES, QuestionSource } from "../../../bench/occupancy/questions.js";

describe("bench occupancy", function () {
  this.timeout(120_000);
  let measured: OccupancyMeasurements;
  let figures: Figure[];

  before(async () => {
    const extent = { sessions: 1500, rounds: 2, questions: 4, days: 35, accessPoints: 4, devices: 100 };
    measured = await measureOccupancy(extent);
    figures = occupancyFigures(measured, 1500);
  });

  function find(name: string, contender: string, metric: string, all = figures): Figure {
    const found = all.find(
      (figure) => figure.case === name && figure.contender === contender && figure.metric === metric,
    );
    assert.ok(found, `${name} ${contender} ${metric}`);
    return found;
  }

  it("compares every answer and measures every case in every round", () => {
    assert.equal(measured.answers, CASES.length * 2 * 4);
    for (const { name, kind } of CASES) {
      const contender = kind === "rollup" ? "roll-ups" : "cells";
      for (const metric of ["time", "time-over-plain", "speed-over-scan"]) {
        assert.equal(find(name, contender, metric).rounds.length, 2);
      }
    }
    assert.ok(find("storage", "cells", "size-over-plain").value > 1);
    assert.ok(find("storage", "roll-ups", "size").value > 0);
    assert.ok(find("roll-up 1 day", "roll-ups", "rms-error").value < 0.2);
  });

  it("has the required targets from a million sessions on, and none below", () => {
    assert.ok(figures.every(({ target }) => target === undefined));
    const judged = occupancyFigures(measured, 1_000_000);
    const target = (name: string, contender: string, metric: string) => find(name, contender, metric, judged).target;
    assert.equal(target("presence 1 day", "cells", "speed-over-scan"), ">= 20000");
    assert.equal(target("presence 30 days", "cells", "speed-over-scan"), ">= 2000");
    assert.equal(target("count 1 day", "cells", "speed-over-scan"), ">= 1500");
    assert.equal(target("count 30 days", "cells", "speed-over-scan"), ">= 120");
    assert.equal(target("roll-up 30 days", "roll-ups", "speed-over-scan"), ">= 3000");
    assert.equal(target("roll-up 30 days", "roll-ups", "rms-error"), "<= 0.03");
    for (const name of ["presence 1 day", "presence 30 days"])
      assert.equal(target(name, "cells", "time-over-plain"), "<= 60");
    for (const name of ["count 1 day", "count 30 days"])
      assert.equal(target(name, "cells", "time-over-plain"), "<= 40");
    assert.equal(target("insert", "cells", "rate-over-plain"), ">= 0.0667");
    assert.equal(target("storage", "cells", "size-over-plain"), "<= 4.5");
  });

  it("has peers that answer rightly, with sessions of no length and of days", () => {
    const scratch = scratchFolder();
    const peers = [new PlainIndex(join(scratch.path, "plain.db")), new FullScan(join(scratch.path, "scan.db"))];
    try {
      const session = (mac: number, start: number, duration: number): Finished => {
        return { mac: `02000000000${mac}`, ap: "a", start, duration };
      };
      const sessions = [session(1, 1000, 0), session(2, 1000, 10), session(2, 1005, 3), session(3, 10, 400_000)];
      for (const peer of peers) {
        peer.add(sessions);
        const ask = (mac: number, from: number, to: number) => ({ mac: `02000000000${mac}`, ap: "a", from, to });
        assert.equal(peer.isPresent(ask(1, 999, 1001)), true);
        assert.equal(peer.isPresent(ask(1, 1000, 1001)), false);
        assert.equal(peer.isPresent(ask(2, 1010, 2000)), false);
        assert.equal(peer.isPresent(ask(3, 300_000, 300_001)), true);
        assert.equal(peer.countAt(ask(0, 1000, 1001)), 2);
        assert.equal(peer.countAt(ask(0, 999, 1001)), 3);
        assert.equal(peer.countAt({ ...ask(0, 999, 1001), ap: "b" }), 0);
      }
    } finally {
      for (const peer of peers) peer.close();
      scratch.remove();
    }
  });

  it("draws questions that lie in the period, whole days for roll-ups", () => {
    const source = new QuestionSource(3);
    for (let i = 0; i < 20_000; i++)
      source.add({ mac: `m${i}`, ap: `a${i % 7}`, start: 1_000_000 + 300 * i, duration: 5 });
    const { from, to } = source.span;
    for (const each of CASES) {
      for (const question of source.draw(each, 50)) {
        assert.equal(question.to - question.from, each.lengthSec);
        if (each.kind === "rollup") assert.equal(question.from % 86_400, 0);
        else assert.ok(question.from >= from && question.to <= to);
      }
    }
    const drawn = source.draw(CASES[0] as (typeof CASES)[number], 200).map(({ mac }) => Number(mac.slice(1)));
    assert.ok(Math.max(...drawn) > 15_000 && Math.min(...drawn) < 5000);
  });
});
