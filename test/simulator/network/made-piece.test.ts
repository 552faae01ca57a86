import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock } from "node:test";
import type { NetworkAlert } from "../../../lib/common/network.js";
import { attackIn, makePiece } from "../../../simulator/network/made-piece.js";
import { PieceWriter } from "../../../simulator/network/piece-writer.js";
import { meterBytes } from "../../support/metered.js";

const START = Date.UTC(2026, 10, 21, 12) / 1000;
const piece = (index: number, change: { seed?: number; attacks?: boolean } = {}) =>
  makePiece({ seed: 1, index, start: START, seconds: 5, attacks: true, ...change });

describe("the simulated house", () => {
  it("is the same for the same seed, and another one for another", () => {
    assert.ok(piece(3).equals(piece(3)));
    assert.ok(!piece(3).equals(piece(3, { seed: 2 })));
    assert.ok(!piece(3).equals(piece(4)));
  });

  it("holds whole packets with right checksums, ordinary connections and no attack most of the time", () => {
    let flows = 0;
    for (let index = 0; index < 60; index++) {
      const metered = meterBytes(piece(index, { attacks: false, seed: 5 }));
      assert.deepEqual(metered.counters.malformed, {}, `piece ${index}`);
      assert.deepEqual(metered.alerts, [], `piece ${index}`);
      const opened = metered.flows.filter(({ protocol }) => protocol === "tcp");
      assert.ok(opened.every(({ handshake, end }) => handshake && end !== "unanswered"));
      flows += opened.length;
    }
    assert.ok(flows > 300, `${flows} connections in five minutes`);
  });

  it("is attacked in turn by a scan and by guessing, and the detectors say so", () => {
    const found: NetworkAlert[] = [];
    for (let index = 0; index < 20; index++) {
      const { alerts } = meterBytes(piece(index));
      assert.equal(alerts.length > 0, attackIn(index) !== undefined, `piece ${index}`);
      found.push(...alerts.filter(({ phase }) => phase === "began"));
    }
    assert.deepEqual(
      found.map(({ kind, source, proof }) => [kind, source.address, proof]),
      [
        ["syn-scan", "192.168.77.66", "none"],
        ["mqtt-brute-force", "192.168.77.66", "handshake"],
      ],
    );
  });

  it("is written into a folder piece by piece; old pieces go, files of others stay", () => {
    const folder = mkdtempSync(join(tmpdir(), "redoubt-pieces-"));
    mock.timers.enable({ apis: ["setInterval", "Date"], now: START * 1000 });
    try {
      writeFileSync(join(folder, "mine.pcap"), "x");
      writeFileSync(join(folder, "simulated-99999999.pcap"), "of an earlier run");
      const writer = new PieceWriter({ folder, seed: 1, seconds: 5, attacks: true });
      for (let i = 0; i < 15; i++) mock.timers.tick(5000);
      writer.stop();
      mock.timers.tick(60_000);
      const names = readdirSync(folder).sort();
      assert.equal(names.length, 13);
      assert.deepEqual(
        [names[0], names[1], names.at(-1)],
        ["mine.pcap", "simulated-00000003.pcap", "simulated-00000014.pcap"],
      );
    } finally {
      mock.timers.reset();
      rmSync(folder, { recursive: true });
    }
  });

  it("says so when it cannot write, and stops", async () => {
    mock.timers.enable({ apis: ["setInterval"] });
    try {
      const writer = new PieceWriter({ folder: "/proc/redoubt", seed: 1, seconds: 5, attacks: true });
      mock.timers.tick(5000);
      await assert.rejects(writer.failure);
      assert.equal(existsSync("/proc/redoubt"), false);
    } finally {
      mock.timers.reset();
    }
  });
});
