import assert from "node:assert/strict";
import fc from "fast-check";
import { anchorArtifact } from "../../lib/anchor/artifact.js";
import { boundsOf, type ChainTrust, costOf, type TrustCounts } from "../../lib/anchor/bounds.js";
import { deviceIdOf, laneOf } from "../../lib/anchor/identity.js";
import { account, ContractVm, Reverted } from "../support/contract-vm.js";

const OWNER = account(1);
const WRITER = account(2);
const LANE = laneOf("redoubt.test/gateway-1");
const REASON = `0x${"00".repeat(32)}`;
const ROOT = `0x${"ab".repeat(32)}`;
const SEED = 20_261_121;
const RUNS = 40;
const UINT32 = 0xffff_ffff;

const few = fc.oneof({ weight: 9, arbitrary: fc.nat(6) }, { weight: 1, arbitrary: fc.constantFrom(1000, UINT32) });
const steps = fc.array(
  fc.record({
    elapsed: fc.oneof(fc.nat(200), fc.constantFrom(0, 1, 86_400, 31_536_000)),
    alerts: fc.oneof(fc.constant(0), few),
    anomalies: fc.oneof(fc.constant(0), few),
    losses: few,
    credits: fc.oneof(fc.nat(120), few),
    // Where between the bounds, or how far beside them.
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    beside: fc.constantFrom(0, 0, 0, 0, -1, 1, -100, 100),
  }),
  { minLength: 1, maxLength: 12 },
);
const terms = fc.record({
  creditInterval: fc.integer({ min: 1, max: 120 }),
  creditBurst: fc.integer({ min: 1, max: 100 }),
});

describe("anchor contract's trust bounds", function () {
  this.timeout(120_000);

  it("are those of the model, and hold whatever is claimed", async () => {
    const { abi, bytecode } = anchorArtifact();
    const vm = await ContractVm.create(abi);
    let number = 0;
    let refusals = 0;
    const property = fc.asyncProperty(terms, fc.nat(100), steps, async (given, initial, history) => {
      await vm.deploy(bytecode, OWNER, given.creditInterval, given.creditBurst);
      await vm.call(OWNER, "setWriter", LANE, WRITER, true);
      const device = deviceIdOf(LANE, `sensor-${number++}`);
      await vm.call(OWNER, "setDevice", device, LANE, initial, REASON);
      let model: ChainTrust = { trust: initial, creditedTo: vm.time };
      let size = 0;
      for (const { elapsed, share, beside, ...counts } of history) {
        vm.time += elapsed;
        const bounds = boundsOf(model, counts, given, vm.time);
        const claim = (trustAfter: number) => ({ device, ...counts, trustAfter });
        const told = await vm.call(WRITER, "bounds", claim(0));
        assert.deepEqual(told.values.map(Number), [bounds.low, bounds.high]);
        const inside = Math.round(bounds.low + share * (bounds.high - bounds.low));
        const trustAfter = Math.min(255, Math.max(0, inside + beside));
        const sent = vm.call(WRITER, "anchor", LANE, size, size + 1, ROOT, [claim(trustAfter)], []);
        if (trustAfter < bounds.low || trustAfter > bounds.high) {
          await assert.rejects(sent, (error) => error instanceof Reverted && error.error === "TrustRule");
          refusals++;
          continue;
        }
        await sent;
        size++;
        model = next(model, counts, trustAfter, given, vm.time);
        const [, creditedTo, trust] = (await vm.call(WRITER, "devices", device)).values.map(String);
        assert.deepEqual({ trust: Number(trust), creditedTo: Number(creditedTo) }, model);
        assert.ok(model.creditedTo <= vm.time, "no point is earned in advance");
      }
    });
    await fc.assert(property, { seed: SEED, numRuns: RUNS });
    assert.ok(refusals > RUNS, `${refusals} claims were refused`);
  });
});

/** The bucket, by the points that were really used. */
function next(
  { trust, creditedTo }: ChainTrust,
  counts: TrustCounts,
  trustAfter: number,
  { creditInterval, creditBurst }: { creditInterval: number; creditBurst: number },
  now: number,
): ChainTrust {
  const used = trustAfter === 0 ? 0 : trustAfter - trust + costOf(counts);
  return {
    trust: trustAfter,
    creditedTo: Math.max(creditedTo, now - creditInterval * creditBurst) + used * creditInterval,
  };
}
