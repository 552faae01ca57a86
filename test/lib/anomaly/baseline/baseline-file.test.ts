import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import {
  formatBaseline,
  parseBaseline,
  readBaselineFile,
  writeBaselineFile,
} from "../../../../lib/anomaly/baseline/baseline-file.js";
import { BaselineJudge } from "../../../../lib/anomaly/baseline/judge.js";
import { BaselineLearner } from "../../../../lib/anomaly/baseline/learner.js";
import { readAlert, readFlow } from "../../../../lib/anomaly/baseline/read-flow.js";
import { Rejection } from "../../../../lib/common/rejection.js";
import { houseSegments, pcapOf } from "../../../support/house-capture.js";
import { meterBytes } from "../../../support/metered.js";
import { alertOf } from "../../../support/network-messages.js";
import { hostileJson } from "../export-fixture.js";

const { flows } = meterBytes(pcapOf(houseSegments(20, 3)));

function learnt(seed: number, count: number) {
  const learner = new BaselineLearner({ seed, by: seed % 2 ? "mac" : "address", local: ["203.0.113.0/24"] });
  for (const flow of flows.slice(0, count)) learner.flow(flow);
  const baseline = learner.finish({ name: `home-${seed}`, now: seed });
  // A file of a tenth of the size damages as well, and faster.
  return { ...baseline, forest: { ...baseline.forest, trees: baseline.forest.trees.slice(0, 5) } };
}

const TEXT = formatBaseline(learnt(1, 120));

/** JSON text with the value at one of its places replaced by other text. */
function changedAt(json: string, place: number, text: string): string {
  const copy = JSON.parse(json) as unknown;
  const places: [holder: Record<string, unknown>, key: string][] = [];
  const walk = (value: unknown, depth: number) => {
    if (typeof value !== "object" || value === null || depth > 3) return;
    const holder = value as Record<string, unknown>;
    for (const key of Object.keys(holder).slice(0, 20)) {
      places.push([holder, key]);
      walk(holder[key], depth + 1);
    }
  };
  walk(copy, 0);
  const [holder, key] = places[place % places.length] as [Record<string, unknown>, string];
  holder[key] = "@hole@";
  return JSON.stringify(copy).replace('"@hole@"', () => text);
}

/** Accepts nothing but a typed rejection, or a baseline that can judge. */
function open(text: Buffer | string): void {
  let judge: BaselineJudge;
  try {
    judge = new BaselineJudge(parseBaseline(text));
  } catch (error) {
    assert.ok(error instanceof Rejection, String(error));
    return;
  }
  for (const flow of flows.slice(0, 5)) assert.ok(judge.judge(flow).reasons.every((reason) => reason.length < 500));
}

describe("baseline file", () => {
  it("gives the same baseline back", () => {
    fc.assert(
      fc.property(fc.nat(50), fc.integer({ min: 100, max: flows.length }), (seed, count) => {
        const baseline = learnt(seed, count);
        const text = formatBaseline(baseline);
        const read = parseBaseline(text);
        assert.equal(formatBaseline(read), text);
        const [before, after] = [new BaselineJudge(baseline), new BaselineJudge(read)];
        for (const flow of flows.slice(0, 30)) {
          const [was, is] = [before.judge(flow), after.judge(flow)];
          assert.deepEqual([is.isUnexpected, is.isKnownDevice], [was.isUnexpected, was.isKnownDevice]);
          assert.equal(is.score, was.score);
        }
      }),
      { seed: 61, numRuns: 8 },
    );
  });

  it("meets hostile JSON, whole or in place of a property, with a typed rejection", () => {
    fc.assert(
      fc.property(hostileJson, fc.nat(100_000), fc.boolean(), (text, place, whole) => {
        open(whole ? text : changedAt(TEXT, place, text));
      }),
      { seed: 62, numRuns: 500 },
    );
  });

  it("meets damage with a typed rejection", () => {
    const bytes = Buffer.from(TEXT);
    const damage = fc.record({
      kind: fc.constantFrom("flip", "cut", "insert", "splice"),
      at: fc.nat(bytes.length - 1),
      to: fc.nat(bytes.length - 1),
      bit: fc.nat(7),
      extra: fc.uint8Array({ minLength: 1, maxLength: 8 }),
    });
    fc.assert(
      fc.property(damage, ({ kind, at, to, bit, extra }) => {
        if (kind === "flip") {
          const flipped = Buffer.from(bytes);
          flipped[at] = (flipped[at] as number) ^ (1 << bit);
          open(flipped);
        } else if (kind === "cut") open(bytes.subarray(0, at));
        else if (kind === "insert") open(Buffer.concat([bytes.subarray(0, at), extra, bytes.subarray(at)]));
        else open(Buffer.concat([bytes.subarray(0, at), bytes.subarray(to)]));
      }),
      { seed: 63, numRuns: 400 },
    );
  });

  it("is for its owner alone, and names what is wrong", () => {
    const folder = mkdtempSync(join(tmpdir(), "redoubt-baseline-"));
    try {
      const path = join(folder, "home.json");
      const baseline = learnt(2, 150);
      writeBaselineFile(path, baseline);
      assert.equal(statSync(path).mode & 0o777, 0o600);
      assert.equal(formatBaseline(readBaselineFile(path)), formatBaseline(baseline));
    } finally {
      rmSync(folder, { recursive: true });
    }
    const wrong = (change: object) => () => parseBaseline(JSON.stringify({ ...JSON.parse(TEXT), ...change }));
    assert.throws(wrong({ version: 2 }), /format version that is not 1/);
    assert.throws(wrong({ format: "redoubt-model" }), /not a Redoubt baseline/);
    assert.throws(wrong({ threshold: "0.6" }), /threshold is not a number/);
    assert.throws(wrong({ devices: [] }), /devices has 0 entries/);
    assert.throws(wrong({ more: 1 }), /a property we do not know/);
    assert.throws(
      wrong({ contexts: JSON.parse(TEXT).contexts.filter(({ key }: { key: string }) => key !== "") }),
      /all flows/,
    );
  });
});

describe("what a message calls a flow or an alert", () => {
  const valid = [JSON.stringify(flows[0]), JSON.stringify(alertOf())] as const;
  const readers = [readFlow, readAlert] as const;

  it("is taken as it was", () => {
    for (const flow of flows.slice(0, 50)) assert.deepEqual(readFlow(structuredClone(flow)), flow);
    const { id, phase, source, target, firstSeen, lastSeen } = alertOf();
    assert.deepEqual(readAlert(alertOf()), { id, phase, source, target, firstSeen, lastSeen });
  });

  it("is refused with a typed rejection otherwise", () => {
    fc.assert(
      fc.property(hostileJson, fc.nat(1000), fc.boolean(), fc.constantFrom(0, 1), (text, place, whole, which) => {
        let value: unknown;
        try {
          value = JSON.parse(whole ? text : changedAt(valid[which] as string, place, text));
        } catch {
          return;
        }
        try {
          (readers[which] as (value: unknown) => unknown)(value);
        } catch (error) {
          assert.ok(error instanceof Rejection, String(error));
        }
      }),
      { seed: 64, numRuns: 600 },
    );
  });
});
