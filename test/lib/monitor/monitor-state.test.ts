import assert from "node:assert/strict";
import fc from "fast-check";
import { Rejection } from "../../../lib/common/rejection.js";
import { ATTACK_TYPES, type SecurityVerdict } from "../../../lib/common/security.js";
import { decodeMonitorState, encodeMonitorState } from "../../../lib/monitor/monitor-state.js";
import { SecurityMonitor } from "../../../lib/monitor/security-monitor.js";
import { anyCharacter } from "../../support/any-character.js";
import { applyEdit, edit, hostileJson } from "../envelope/hostile-json.js";
import { anomaly, NOON, normal } from "./verdicts.js";

const SEED = 20_260_101;

const text = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 80 }),
  fc.constantFrom("__proto__", "\ud800", "", "rack-1"),
);
const verdicts: fc.Arbitrary<SecurityVerdict[]> = fc.array(
  fc
    .record({
      flagged: fc.boolean(),
      source: text,
      topic: text,
      authenticated: fc.boolean(),
      attackType: fc.constantFrom(...ATTACK_TYPES),
      severity: fc.constantFrom("info", "warning", "critical"),
      at: fc.integer({ min: NOON, max: NOON + 4 * 3_600_000 }),
      temperature: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
      reasons: fc.array(fc.record({ detector: text, text }), { maxLength: 5 }),
    })
    .map(({ flagged, attackType, ...rest }) => (flagged ? anomaly({ attackType, ...rest }) : normal(rest))),
  { maxLength: 30 },
);

function monitorOf(list: readonly SecurityVerdict[]): SecurityMonitor {
  const monitor = new SecurityMonitor(NOON);
  for (const verdict of list) monitor.record(verdict, verdict.at);
  return monitor;
}

const sample = encodeMonitorState(
  monitorOf([
    normal(),
    anomaly(),
    anomaly({ source: "name", authenticated: false, attackType: "flood", temperature: null }),
  ]).state(),
);

function isAcceptedOrRefused(input: string): boolean {
  try {
    new SecurityMonitor(NOON, decodeMonitorState(input)).snapshot(NOON, 1);
    return true;
  } catch (error) {
    return error instanceof Rejection;
  }
}

/** The sample with a change made to it. */
function changed(change: (state: Record<string, never>) => void): string {
  const state = JSON.parse(sample);
  change(state);
  return JSON.stringify(state);
}

describe("state of the security monitor", () => {
  it("comes back as it was, all but the points", () => {
    fc.assert(
      fc.property(verdicts, (list) => {
        const monitor = monitorOf(list);
        const again = new SecurityMonitor(0, decodeMonitorState(encodeMonitorState(monitor.state())));
        const now = NOON + 4 * 3_600_000;
        const before = JSON.parse(JSON.stringify(monitor.snapshot(now, 0)));
        assert.deepEqual(JSON.parse(JSON.stringify(again.snapshot(now, 0))), before);
        assert.deepEqual(
          again.state().devices.flatMap(({ source }) => again.detail(source, true)?.points ?? []),
          [],
        );
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  it("counts on after a restart: coalesces, ranks and forgets as if there had been none", () => {
    const list = Array.from({ length: 3000 }, (_, i) =>
      anomaly({ source: `name-${i % 700}`, authenticated: i % 3 === 0, at: NOON + i * 100 }),
    );
    const whole = monitorOf(list);
    const half = monitorOf(list.slice(0, 1500));
    const resumed = new SecurityMonitor(0, decodeMonitorState(encodeMonitorState(half.state())));
    for (const verdict of list.slice(1500)) resumed.record(verdict, verdict.at);
    const now = NOON + 300_000;
    const [one, other] = [whole, resumed].map((monitor) => monitor.snapshot(now, 0));
    // Which of the least counters is taken over is the heap's choice; the promises hold for either.
    assert.deepEqual({ ...other, topThreats: [] }, { ...one, topThreats: [] });
    assert.equal(
      other!.topThreats.reduce((sum, { count }) => sum + count, 0),
      one!.topThreats.reduce((sum, { count }) => sum + count, 0),
    );
  });

  it("is a valid state or refused, for hostile JSON in every place", () => {
    const places = Object.keys(JSON.parse(sample));
    const hostile = fc.oneof(
      hostileJson,
      fc.tuple(fc.constantFrom(...places), hostileJson).map(([place, value]) => {
        const rest = Object.entries(JSON.parse(sample)).filter(([name]) => name !== place);
        return `{${[...rest.map(([name, own]) => `"${name}":${JSON.stringify(own)}`), `"${place}":${value}`].join(",")}}`;
      }),
    );
    fc.assert(
      fc.property(hostile, (input) => isAcceptedOrRefused(input)),
      { seed: SEED, numRuns: 2000 },
    );
  });

  it("is a valid state or refused, for a damaged file", () => {
    const damaged = fc
      .array(edit, { minLength: 1, maxLength: 4 })
      .map((edits) => edits.reduce(applyEdit, Buffer.from(sample)).toString());
    fc.assert(
      fc.property(damaged, (input) => isAcceptedOrRefused(input)),
      { seed: SEED, numRuns: 2000 },
    );
  });

  it("refuses what the monitor cannot have written", () => {
    const wrong: [string, (state: never) => void][] = [
      ["version", (state: { version: number }) => (state.version = 2)],
      ["negative count", (state: { normal: number }) => (state.normal = -1)],
      ["fraction", (state: { normal: number }) => (state.normal = 0.5)],
      ["type twice", (state: { byType: unknown[] }) => state.byType.push(state.byType[0])],
      ["unknown type", (state: { byType: { type: string }[] }) => (state.byType[0]!.type = "ufo")],
      ["device twice", (state: { devices: unknown[] }) => state.devices.push(state.devices[0])],
      ["threat twice", (state: { threats: unknown[] }) => state.threats.push(state.threats[0])],
      ["minute twice", (state: { trend: unknown[] }) => state.trend.push(state.trend[0])],
      ["no minute", (state: { trend: { at: number }[] }) => (state.trend[0]!.at += 1)],
      ["error of all", (state: { threats: { error: number }[] }) => (state.threats[0]!.error = 1)],
      ["long name", (state: { devices: { source: string }[] }) => (state.devices[0]!.source = "x".repeat(65))],
      ["time", (state: { since: number }) => (state.since = 8.64e15)],
      ["null", (state: { forgotten: unknown }) => (state.forgotten = null)],
      [
        "too many",
        (state: { devices: object[] }) => {
          const claimed = { ...state.devices[0]!, authenticated: false };
          state.devices = Array.from({ length: 201 }, (_, i) => ({ ...claimed, source: `n${i}` }));
        },
      ],
    ] as [string, (state: never) => void][];
    decodeMonitorState(changed(() => undefined));
    for (const [name, change] of wrong) {
      const input = changed(change as (state: Record<string, never>) => void);
      assert.throws(() => decodeMonitorState(input), Rejection, name);
    }
  });
});
