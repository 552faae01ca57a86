// A tiny run of the real suite: real broker, real Node-RED with the built palette, real Python. Times are not judged.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { canReadCpuTime } from "../../bench/harness/cpu-time.js";
import { Unavailable } from "../../bench/harness/suite.js";
import { findMosquitto } from "../../bench/pipeline/broker.js";
import { pipeline, pipelineContenders } from "../../bench/pipeline/pipeline.js";
import { findPython, PYTHON_MISSING } from "../../bench/pipeline/seed-style.js";
import { requireOnMachine } from "../setup.js";
import { projectRoot } from "../support/node-red.js";

describe("redoubt bench pipeline", function () {
  this.timeout(120_000);

  it("compares every contender's outputs and gives all figures", async function () {
    requireOnMachine(this, existsSync(join(projectRoot, "dist", "nodes", "mask")), "the built palette (npm run build)");
    requireOnMachine(this, canReadCpuTime(), "a /proc file system");
    requireOnMachine(this, findMosquitto() !== undefined, "mosquitto (apt-get install mosquitto)");
    requireOnMachine(this, findPython() !== undefined, PYTHON_MISSING);
    const progress: number[] = [];
    const { figures, notes } = await pipeline.run({
      rounds: 1,
      messages: 200,
      onProgress: (done) => progress.push(done),
    });
    const named = figures.map(({ contender, metric }) => `${contender} ${metric}`);
    assert.deepEqual(named, [
      "echo throughput",
      "echo cpu",
      "redoubt throughput",
      "redoubt cpu",
      "seed-style throughput",
      "seed-style cpu",
      "redoubt throughput-over-seed-style",
      "redoubt cpu-over-seed-style",
      "redoubt throughput-over-echo",
      "redoubt cpu-over-echo",
    ]);
    for (const { value, rounds } of figures) {
      assert.ok(Number.isFinite(value) && value >= 0);
      assert.equal(rounds.length, 1);
    }
    assert.deepEqual(
      figures.flatMap(({ metric, target }) => (target ? [`${metric} ${target}`] : [])),
      ["throughput-over-seed-style >= 50", "cpu-over-echo <= 4"],
    );
    assert.deepEqual(progress, [0, 1, 2, 3]);
    assert.match(notes[0] ?? "", /broker: mosquitto/);
  });

  it("leaves a contender out with a line that says what to install, and fails in CI", () => {
    const { contenders, notes } = pipelineContenders(undefined, false);
    assert.deepEqual(
      contenders.map(({ name }) => name),
      ["echo", "redoubt"],
    );
    assert.match(notes.join(), /apt-get install python3-paho-mqtt/);
    assert.throws(() => pipelineContenders(undefined, true), Unavailable);
  });
});
