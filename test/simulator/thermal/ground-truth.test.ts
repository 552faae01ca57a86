import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GroundTruth } from "../../../simulator/thermal/ground-truth.js";
import { ThermalPlant } from "../../../simulator/thermal/plant.js";

const RUN = { seed: 3, rateHz: 1, events: true };
const SECONDS = 400;
const MAX_BYTES = 20_000;

describe("ground truth of the thermal simulation", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-truth-"));
    path = join(folder, "truth.jsonl");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Writes a run; fails where it cannot. */
  async function write(maxBytes?: number): Promise<void> {
    const plant = new ThermalPlant({ seed: 3, racks: 2, rateHz: 1, events: true, scripted: [] });
    const problems: string[] = [];
    const truth = new GroundTruth(path, ["rack-1", "rack-2"], (line) => problems.push(line), maxBytes);
    truth.start(0, RUN);
    for (let i = 0; i < SECONDS; i++) truth.sample(i * 1000, plant.step());
    await truth.close();
    assert.deepEqual(problems, []);
  }
  const read = (file: string) =>
    readFileSync(file, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: string; timeSec: number; seed?: number });
  const seconds = (file: string) => read(file).flatMap(({ type, timeSec }) => (type === "truth" ? [timeSec] : []));

  it("holds a whole run in one file unless told otherwise", async () => {
    writeFileSync(path, "of an earlier run\n");
    await write();
    assert.equal(existsSync(`${path}.1`), false);
    assert.ok(statSync(path).size > 4 * MAX_BYTES, "the run is long enough for the other test");
    assert.equal(seconds(path).length, SECONDS);
  });

  it("keeps the newest lines in two files of a bounded size, each of which says how to repeat the run", async () => {
    writeFileSync(`${path}.1`, "of an earlier run\n");
    await write(MAX_BYTES);
    for (const file of [path, `${path}.1`]) {
      assert.ok(statSync(file).size <= MAX_BYTES, file);
      assert.equal(statSync(file).mode & 0o777, 0o600);
      assert.deepEqual([read(file)[0]?.type, read(file)[0]?.seed], ["run", 3]);
    }
    const kept = [...seconds(`${path}.1`), ...seconds(path)];
    const first = kept[0] as number;
    assert.deepEqual(
      kept,
      Array.from({ length: kept.length }, (_, i) => first + i),
      "no second is missing or comes twice",
    );
    assert.ok(first > 1 && kept.length > 10);
    const whole = kept.at(-1);
    await write();
    assert.equal(whole, seconds(path).at(-1), "the newest second is there");
  });

  it("leaves no older file of an earlier run beside a short one", async () => {
    await write(MAX_BYTES);
    assert.ok(existsSync(`${path}.1`));
    await write(10_000_000);
    assert.equal(existsSync(`${path}.1`), false);
    assert.equal(seconds(path).length, SECONDS);
  });
});
