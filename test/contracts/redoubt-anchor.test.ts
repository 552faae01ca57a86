import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { anchorArtifact } from "../../lib/anchor/artifact.js";
import { deviceIdOf, laneOf, NO_DEVICE } from "../../lib/anchor/identity.js";
import { account, ContractVm, Reverted } from "../support/contract-vm.js";

const OWNER = account(1);
const WRITER = account(2);
const STRANGER = account(3);
const LANE = laneOf("redoubt.test/gateway-1");
const OTHER_LANE = laneOf("redoubt.test/gateway-2");
const DEVICE = deviceIdOf(LANE, "sensor-1");
const ROOT = `0x${"ab".repeat(32)}`;
const REASON = `0x${"00".repeat(32)}`;
const INTERVAL = 50;
const BURST = 20;
const MAX_UINT64 = 2n ** 64n - 1n;

interface Counts {
  device?: string;
  alerts?: number;
  anomalies?: number;
  losses?: number;
  credits?: number;
}

const change = (trustAfter: number, counts: Counts = {}) => ({
  ...{ device: DEVICE, alerts: 0, anomalies: 0, losses: 0, credits: 0, trustAfter },
  ...counts,
});
const incident = (index: number, device = DEVICE) => ({ device, index, timestamp: 1, score: 9000, leaf: ROOT });

describe("anchor contract", () => {
  let vm: ContractVm;
  let size: number;
  beforeEach(async () => {
    size = 0;
    const { abi, bytecode } = anchorArtifact();
    vm = await ContractVm.create(abi);
    await vm.deploy(bytecode, OWNER, INTERVAL, BURST);
    await vm.call(OWNER, "setWriter", LANE, WRITER, true);
    await vm.call(OWNER, "setDevice", DEVICE, LANE, 100, REASON);
  });

  const refused = (work: Promise<unknown>, error: string, ...values: unknown[]) =>
    assert.rejects(work, (thrown) => {
      assert.ok(thrown instanceof Reverted, String(thrown));
      assert.equal(thrown.error, error);
      assert.deepEqual(thrown.values.map(String), values.map(String));
      return true;
    });
  const anchor = async (changes: object[] = [], incidents: object[] = [], from = WRITER) => {
    const outcome = await vm.call(from, "anchor", LANE, size, size + 10, ROOT, changes, incidents);
    size += 10;
    return outcome;
  };
  const trust = async (device = DEVICE) => Number((await vm.call(STRANGER, "devices", device)).values[2]);

  it("is what its source compiles to", async () => {
    const script = join(__dirname, "..", "..", "scripts", "compile-contracts.mjs");
    execFileSync(process.execPath, [script, "--check"], { stdio: "pipe" });
    const { deployedBytecode, compiler, evmVersion } = anchorArtifact();
    assert.match(compiler, /^0\.8\.37\+commit\./);
    assert.equal(evmVersion, "paris");
    const deployed = await vm.codeAt(vm.address);
    assert.equal(deployed.length, deployedBytecode.length);
    // Immutable values stand as zeros in what the compiler gives, and are filled in at the deployment.
    const differing = [...deployed].filter((digit, i) => digit !== deployedBytecode[i]);
    assert.ok(differing.length > 0 && differing.length < 100, `${differing.length} digits differ`);
    for (let i = 0; i < deployed.length; i++) {
      if (deployed[i] !== deployedBytecode[i]) assert.equal(deployedBytecode[i], "0");
    }
  });

  it("anchors sizes and roots one after the other", async () => {
    const { events } = await anchor();
    assert.deepEqual(events, [{ name: "Anchored", values: [LANE, 10n, 0n, ROOT, WRITER] }]);
    assert.deepEqual((await vm.call(STRANGER, "lanes", LANE)).values, [10n, BigInt(vm.time), ROOT]);
    await refused(vm.call(WRITER, "anchor", LANE, 0, 20, ROOT, [], []), "WrongSize", 10);
    await refused(vm.call(WRITER, "anchor", LANE, 11, 20, ROOT, [], []), "WrongSize", 10);
    await refused(vm.call(WRITER, "anchor", LANE, 10, 10, ROOT, [], []), "NotGrowing");
    await refused(vm.call(WRITER, "anchor", LANE, 10, 9, ROOT, [], []), "NotGrowing");
    await anchor();
    assert.equal((await vm.call(STRANGER, "lanes", LANE)).values[0], 20n);
  });

  it("lets only a lane's writers write it", async () => {
    await refused(vm.call(STRANGER, "anchor", LANE, 0, 1, ROOT, [], []), "NotWriter", LANE, STRANGER);
    await refused(vm.call(OWNER, "anchor", LANE, 0, 1, ROOT, [], []), "NotWriter", LANE, OWNER);
    await refused(vm.call(WRITER, "anchor", OTHER_LANE, 0, 1, ROOT, [], []), "NotWriter", OTHER_LANE, WRITER);
    await vm.call(OWNER, "setWriter", LANE, STRANGER, true);
    await anchor();
    await anchor([], [], STRANGER);
    await vm.call(OWNER, "setWriter", LANE, WRITER, false);
    await refused(anchor(), "NotWriter", LANE, WRITER);
    assert.deepEqual((await vm.call(STRANGER, "isWriter", LANE, STRANGER)).values, [true]);
  });

  it("leaves settings to the owner, who changes in two steps", async () => {
    for (const from of [WRITER, STRANGER]) {
      await refused(vm.call(from, "setWriter", LANE, from, true), "NotOwner");
      await refused(vm.call(from, "setDevice", DEVICE, LANE, 100, REASON), "NotOwner");
      await refused(vm.call(from, "setLane", LANE, 0, ROOT, REASON), "NotOwner");
      await refused(vm.call(from, "transferOwnership", from), "NotOwner");
      await refused(vm.call(from, "acceptOwnership"), "NotPendingOwner");
    }
    await vm.call(OWNER, "transferOwnership", STRANGER);
    await vm.call(OWNER, "setWriter", LANE, WRITER, true);
    await refused(vm.call(WRITER, "acceptOwnership"), "NotPendingOwner");
    await vm.call(STRANGER, "acceptOwnership");
    await refused(vm.call(OWNER, "setWriter", LANE, OWNER, true), "NotOwner");
    await refused(vm.call(STRANGER, "acceptOwnership"), "NotPendingOwner");
    await vm.call(STRANGER, "transferOwnership", OWNER);
    await vm.call(STRANGER, "transferOwnership", account(0));
    await refused(vm.call(OWNER, "acceptOwnership"), "NotPendingOwner");
  });

  it("refuses a deployment with terms that mean nothing", async () => {
    const { abi, bytecode } = anchorArtifact();
    for (const terms of [
      [0, BURST],
      [86_401, BURST],
      [INTERVAL, 0],
      [INTERVAL, 101],
      [MAX_UINT64, MAX_UINT64],
    ]) {
      const other = await ContractVm.create(abi);
      await refused(other.deploy(bytecode, OWNER, ...terms), "InvalidValue");
    }
  });

  it("makes every alert cost 20, every anomaly 10, every lost heartbeat 5", async () => {
    await refused(anchor([change(81, { alerts: 1 })]), "TrustRule", DEVICE, 80, 80);
    await refused(anchor([change(79, { alerts: 1 })]), "TrustRule", DEVICE, 80, 80);
    const seen: number[] = [];
    for (const after of [80, 60, 40, 20, 0, 0, 0]) {
      await anchor([change(after, { alerts: 1 })]);
      seen.push(await trust());
    }
    assert.deepEqual(seen, [80, 60, 40, 20, 0, 0, 0]);
    await vm.call(OWNER, "setDevice", DEVICE, LANE, 100, REASON);
    await anchor([change(85, { anomalies: 1, losses: 1 })]);
    await refused(anchor([change(84)]), "TrustRule", DEVICE, 85, 85);
  });

  it("lets alerts cost what they cost however many heartbeats are claimed", async () => {
    vm.time += INTERVAL * BURST;
    // 100 - 3 x 20 + 20 saved
    await refused(anchor([change(61, { alerts: 3, credits: 4_294_967_295 })]), "TrustRule", DEVICE, 40, 60);
    // Five alerts take all: whatever was earned, the device reached zero, unless it earned before.
    await vm.call(OWNER, "setDevice", DEVICE, LANE, 10, REASON);
    vm.time += INTERVAL * BURST;
    await refused(anchor([change(1, { alerts: 5, credits: 50 })]), "TrustRule", DEVICE, 0, 0);
    await refused(anchor([change(11, { alerts: 1, credits: 50 })]), "TrustRule", DEVICE, 0, 10);
    await anchor([change(10, { alerts: 1, credits: 20 })]);
    await refused(anchor([change(11, { credits: 1 })]), "TrustRule", DEVICE, 10, 10);
  });

  it("gives one point per interval at most, and saves no more than the burst", async () => {
    await anchor([change(40, { alerts: 3 })]);
    await refused(anchor([change(41, { credits: 100 })]), "TrustRule", DEVICE, 40, 40);
    vm.time += INTERVAL - 1;
    await refused(anchor([change(41, { credits: 100 })]), "TrustRule", DEVICE, 40, 40);
    vm.time += 1;
    await anchor([change(41, { credits: 100 })]);
    await refused(anchor([change(42, { credits: 100 })]), "TrustRule", DEVICE, 41, 41);
    // A year of silence is worth a burst, once.
    vm.time += 365 * 86_400;
    await refused(anchor([change(62, { credits: 100 })]), "TrustRule", DEVICE, 41, 61);
    await refused(anchor([change(44, { credits: 2 })]), "TrustRule", DEVICE, 41, 43);
    await anchor([change(61, { credits: 100 })]);
    await refused(anchor([change(62, { credits: 100 })]), "TrustRule", DEVICE, 61, 61);
  });

  it("keeps what was claimed and not used, and never exceeds 100", async () => {
    await anchor([change(80, { alerts: 1 })]);
    vm.time += INTERVAL * 10;
    await anchor([change(82, { credits: 10 })]);
    await anchor([change(90, { credits: 8 })]);
    vm.time += INTERVAL * BURST;
    await refused(anchor([change(101, { credits: 20 })]), "TrustRule", DEVICE, 90, 100);
    await anchor([change(100, { credits: 20 })]);
    await refused(vm.call(OWNER, "setDevice", DEVICE, LANE, 101, REASON), "InvalidValue");
  });

  it("leaves zero at zero until the owner acts", async () => {
    await anchor([change(0, { alerts: 5 })]);
    vm.time += INTERVAL * 1000;
    await refused(anchor([change(1, { credits: 100 })]), "TrustRule", DEVICE, 0, 0);
    assert.deepEqual((await vm.call(STRANGER, "allowed", DEVICE)).values, [false]);
    await vm.call(OWNER, "setDevice", DEVICE, LANE, 60, REASON);
    assert.deepEqual((await vm.call(STRANGER, "allowed", DEVICE)).values, [true]);
    await refused(anchor([change(61, { credits: 100 })]), "TrustRule", DEVICE, 60, 60);
  });

  it("binds a device to its lane", async () => {
    await vm.call(OWNER, "setWriter", OTHER_LANE, STRANGER, true);
    const elsewhere = (changes: object[], incidents: object[] = []) =>
      vm.call(STRANGER, "anchor", OTHER_LANE, 0, 10, ROOT, changes, incidents);
    await refused(elsewhere([change(80, { alerts: 1 })]), "WrongLane", DEVICE, OTHER_LANE);
    await refused(elsewhere([], [incident(3)]), "WrongLane", DEVICE, OTHER_LANE);
    const unknown = deviceIdOf(LANE, "sensor-2");
    await refused(anchor([change(80, { device: unknown })]), "UnknownDevice", unknown);
    await refused(anchor([], [incident(3, unknown)]), "UnknownDevice", unknown);
    await refused(vm.call(STRANGER, "bounds", change(80, { device: unknown })), "UnknownDevice", unknown);
    assert.deepEqual((await vm.call(STRANGER, "allowed", unknown)).values, [false]);
    assert.equal(await trust(), 100);
    await vm.call(OWNER, "setDevice", DEVICE, OTHER_LANE, 100, REASON);
    await refused(anchor([change(80, { alerts: 1 })]), "WrongLane", DEVICE, LANE);
  });

  it("records incidents of the range that is anchored, in order and none twice", async () => {
    await anchor();
    for (const indexes of [[9], [20], [12, 12], [13, 12], [MAX_UINT64]]) {
      await refused(
        anchor(
          [],
          indexes.map((index) => incident(index as number)),
        ),
        "InvalidValue",
      );
    }
    const { events } = await anchor([], [incident(10), incident(19, NO_DEVICE)]);
    assert.deepEqual(
      events.slice(1).map(({ values }) => [values[0], values[2]]),
      [
        [DEVICE, 10n],
        [NO_DEVICE, 19n],
      ],
    );
  });

  it("undoes all of an anchor that is refused in part", async () => {
    await refused(anchor([change(80, { alerts: 1 }), change(100)]), "TrustRule", DEVICE, 80, 80);
    await refused(anchor([change(80, { alerts: 1 })], [incident(10)]), "InvalidValue");
    assert.equal(await trust(), 100);
    await anchor([change(80, { alerts: 1 }), change(80)]);
    assert.equal(await trust(), 80);
  });

  it("lets the owner put a lane back that a misused key has locked", async () => {
    await vm.call(WRITER, "anchor", LANE, 0, MAX_UINT64, ROOT, [], []);
    await refused(vm.call(WRITER, "anchor", LANE, MAX_UINT64, 10, ROOT, [], []), "NotGrowing");
    await vm.call(OWNER, "setWriter", LANE, WRITER, false);
    await vm.call(OWNER, "setWriter", LANE, STRANGER, true);
    await vm.call(OWNER, "setLane", LANE, 0, `0x${"00".repeat(32)}`, REASON);
    await anchor([], [], STRANGER);
  });

  it("tells what it allows and holds without a transaction", async () => {
    vm.time += INTERVAL * 3;
    assert.deepEqual((await vm.call(STRANGER, "bounds", change(0, { alerts: 2, credits: 9 }))).values, [60n, 63n]);
    const [found] = (await vm.call(STRANGER, "devicesOf", [DEVICE, NO_DEVICE])).values as [unknown[][]];
    assert.deepEqual([...found[0]!].slice(2), [100n, true]);
    assert.deepEqual([...found[1]!].slice(2), [0n, false]);
  });

  it("stays cheap", async () => {
    const devices = Array.from({ length: 21 }, (_, i) => deviceIdOf(LANE, `many-${i}`));
    for (const device of devices) await vm.call(OWNER, "setDevice", device, LANE, 100, REASON);
    const gasOf = async (changes: object[], incidents: object[] = []) => (await anchor(changes, incidents)).gas;
    const alerts = (count: number) => devices.slice(0, count).map((device) => change(80, { device, alerts: 1 }));
    await gasOf([]);
    const empty = await gasOf([]);
    const one = await gasOf(alerts(1));
    await vm.call(OWNER, "setDevice", devices[0], LANE, 100, REASON);
    const many = await gasOf(alerts(21));
    const known = await gasOf([], [incident(size), incident(size + 1)]);
    const perDevice = (many - one) / 20;
    const perIncident = (known - empty) / 2;
    assert.ok(empty < 45_000, `an anchor costs ${empty}`);
    assert.ok(perDevice < 16_000, `a device costs ${perDevice}`);
    assert.ok(perIncident < 9000, `an incident costs ${perIncident}`);
  });
});
