import assert from "node:assert/strict";
import fc from "fast-check";
import { Rejection } from "../../../lib/common/rejection.js";
import { HvacController } from "../../../lib/hvac/hvac-controller.js";
import { parseHvacInput } from "../../../lib/hvac/input.js";

const PARAMETERS = { seed: 20_261_121, numRuns: 500 };
const LATEST = Date.UTC(2200, 0, 1);

const timestampMs = fc.integer({ min: 1e11, max: LATEST });
const name = fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/).filter((text) => text !== "__proto__");

/** Anything that JSON can hold and a controller must not swallow, under the names it looks at. */
const hostileValue = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { withCrossShrink: true },
    fc.constantFrom(
      null,
      true,
      "",
      "\ud800",
      "<img onerror=x>",
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
      -0,
      [],
      {},
    ),
    fc.double(),
    fc.string(),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(
      fc.constantFrom(
        "timestamp",
        "temperature",
        "alarm",
        "state",
        "since",
        "group",
        "device",
        "__proto__",
        "toString",
      ),
      tie("value"),
      { maxKeys: 6 },
    ),
  ),
})).value;

/** Feeds a payload to a controller as the node does; anything but a result or a Rejection fails the test. */
function feed(controller: HvacController, payload: unknown): void {
  try {
    const input = parseHvacInput(payload, "temperature");
    const output =
      input.kind === "alarm"
        ? controller.trustedAlarm(input.alarm, LATEST)
        : controller.accept(input.timestampMs, input.temperatureC, LATEST);
    if (!output.command) return;
    const { supply_temperature_C: supplyC, timestamp } = output.command;
    assert.ok(supplyC >= 16 && supplyC <= 27, `${supplyC}`);
    assert.ok(!Number.isNaN(Date.parse(timestamp)));
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
  }
}

describe("parseHvacInput", () => {
  it("reads every well-formed reading and alarm", () => {
    fc.assert(
      fc.property(timestampMs, fc.double({ noNaN: true }), (at, temperature) => {
        const read = parseHvacInput(JSON.parse(JSON.stringify({ timestamp: at, temperature: 0 })), "temperature");
        assert.deepEqual(read, { kind: "reading", timestampMs: at, temperatureC: 0 });
        const given = parseHvacInput({ timestamp: new Date(at).toISOString(), temperature }, "temperature");
        assert.deepEqual(given, { kind: "reading", timestampMs: at, temperatureC: temperature });
      }),
      PARAMETERS,
    );
    fc.assert(
      fc.property(name, fc.constantFrom("on", "off"), timestampMs, name, name, (alarm, state, at, group, device) => {
        const payload = { alarm, state, since: new Date(at).toISOString(), group, device };
        assert.deepEqual(parseHvacInput(payload, "temperature"), {
          kind: "alarm",
          alarm: { alarm, state, sinceMs: at, group, device },
        });
      }),
      PARAMETERS,
    );
  });

  it("meets hostile values with a rejection and keeps the command within its range", () => {
    const controller = new HvacController();
    fc.assert(
      fc.property(hostileValue, (payload) => feed(controller, payload)),
      PARAMETERS,
    );
    assert.equal(({} as { temperature?: unknown }).temperature, undefined);
  });

  it("meets damaged messages with a rejection", () => {
    const controller = new HvacController();
    const valid = fc.constantFrom(
      '{"timestamp":"2026-01-10T12:00:00Z","temperature":25.03,"group":"zone-1"}',
      '{"alarm":"overheat","state":"on","since":"2026-01-10T12:00:00Z","group":"zone-1","device":"rack-1"}',
    );
    const damage = fc.record({
      position: fc.nat(100),
      cut: fc.nat(8),
      insert: fc.constantFrom("", "0", "e9", "-", '"', "{}", ","),
    });
    let parsed = 0;
    fc.assert(
      fc.property(valid, damage, (text, { position, cut, insert }) => {
        const at = position % text.length;
        let payload: unknown;
        try {
          payload = JSON.parse(text.slice(0, at) + insert + text.slice(at + cut));
        } catch {
          return;
        }
        parsed++;
        feed(controller, payload);
      }),
      { ...PARAMETERS, numRuns: 2000 },
    );
    assert.ok(parsed > 100, `only ${parsed} of the damaged messages were JSON`);
  });
});
