import assert from "node:assert/strict";
import helper from "node-red-node-test-helper";
import { fernet } from "../../lib/envelope/fernet.js";
import { MASKED_KEY, RAW_KEY } from "./envelope-flow.js";
import { MaskFlow, MINUTE } from "./mask-flow.js";

helper.init(require.resolve("node-red"));

const open = (token: unknown, key: string) =>
  fernet.create([Buffer.from(key, "base64url")]).open(Buffer.from(token as string), { now: Date.now() }).plaintext;

describe("masked and encrypted stream", () => {
  let flow: MaskFlow;
  afterEach(() => flow.unload());

  const names: [string, Record<string, unknown>, string | undefined][] = [
    ["the usual names", {}, undefined],
    ["a group whose name would end at a block", { outputField: "temperature" }, "zone-of-12.a"],
    ["other names", { outputField: "t" }, "b"],
    ["long names", { outputField: "x".repeat(64) }, "y".repeat(64)],
  ];
  for (const [what, settings, group] of names) {
    it(`has one message a minute and one length, with values, without sensors and without budget: ${what}`, async () => {
      // Values of one to six characters: a lone sensor's noise is 7.6 K.
      flow = await MaskFlow.load({ ...settings, groupSize: 1, budgetDay: 20, clipLow: 0, clipHigh: 100 });
      const lengths = new Set<number>();
      const widths = new Set<number>();
      let withheld = 0;
      let exhausted = 0;
      for (let minute = 0; minute < 400; minute++) {
        const temperature_C = [1, 10, 25.5, 99][minute % 4];
        if (minute === 0 || minute % 7 !== 0) await flow.send("mask1", ...flow.zone(1, { temperature_C, group }));
        flow.clock.advance(MINUTE - (flow.clock.now() % MINUTE) + 49);
        await flow.settle();
        assert.equal(flow.received.masked.length, minute, "not before the fixed moment");
        await flow.advance(1);
        assert.equal(flow.received.sealed.length, minute + 1, "and then one");
        const { payload, privacy } = flow.received.masked[minute] as unknown as {
          payload: Record<string, unknown>;
          privacy: { withheld?: boolean; exhausted?: boolean };
        };
        lengths.add((flow.received.sealed[minute]!.payload as string).length);
        widths.add(String(payload[String(settings.outputField ?? "temperature")]).length);
        if (privacy.exhausted) exhausted++;
        else if (privacy.withheld) withheld++;
      }
      assert.equal(lengths.size, 1, [...lengths].join());
      assert.ok(widths.size >= 4, `values of ${[...widths].join()} characters`);
      assert.ok(withheld > 20 && exhausted > 100, `${withheld} withheld, ${exhausted} exhausted`);
    }).timeout(120_000);
  }

  it("carries no flag of the detector, no name of a sensor, and opens with the masked stream's key only", async () => {
    flow = await MaskFlow.load({});
    await flow.send("mask1", ...flow.zone(8));
    await flow.tick();
    const token = flow.received.sealed[0]!.payload;
    assert.deepEqual(Object.keys(JSON.parse(open(token, MASKED_KEY).toString())), ["timestamp", "temperature"]);
    assert.throws(() => open(token, RAW_KEY), { code: "AUTH" });
    const { _msgid, payload, privacy, ...rest } = flow.received.sealed[0]!;
    assert.deepEqual(rest, {}, "neither topic nor anomaly nor device");
  });
});
