import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import helper from "node-red-node-test-helper";
import { deviceIdOf, laneOf } from "../../lib/anchor/identity.js";
import { AnchorOwner } from "../../lib/anchor/owner.js";
import type { LedgerReceipt } from "../../lib/common/ledger-receipt.js";
import { createKeyFile } from "../../lib/envelope/key-file.js";
import { writeRegistry } from "../../lib/registry/registry-file.js";
import { DEFAULT_TRUST_RULES } from "../../lib/trust/rules.js";
import commandGateNode from "../../nodes/command-gate/command-gate.js";
import type { LedgerNode } from "../../nodes/common/ledger.js";
import type { StageMessage } from "../../nodes/common/stage.js";
import registryNode from "../../nodes/device-registry/device-registry.js";
import ledgerConfigNode from "../../nodes/ledger-config/ledger-config.js";
import { requireOnMachine } from "../setup.js";
import { ANVIL_ACCOUNT, Anvil, anvilBinary } from "../support/anvil.js";

helper.init(require.resolve("node-red"));

const ORIGIN = "redoubt.test/log";
/** What the chain holds of each device; the log holds 100 of each but `fallen`. */
const ON_CHAIN = { trusted: 100, limit: 30, doubted: 29, zero: 0, fallen: 100 };
const DEVICES = [...Object.keys(ON_CHAIN), "unlisted"];

/** A decision as it left the gate, and what the ledger had of it at that moment. */
interface Decided {
  device: string;
  reason: string | null;
  trust: number | null;
  recorded: unknown;
}

describe("command-gate and a real chain", function () {
  this.timeout(300_000);
  let home: string;
  let anvil: Anvil;
  let contract: string;
  const decided: Decided[] = [];
  const ledger = () => helper.getNode("ledger") as LedgerNode;

  before(async function () {
    const binary = anvilBinary();
    requireOnMachine(this, binary !== undefined, "anvil (npm fetches it for linux/x64; needs the registry)");
    home = mkdtempSync(join(tmpdir(), "redoubt-gate-chain-"));
    process.env.REDOUBT_HOME = home;
    anvil = await Anvil.on(binary as string);
    await anvil.start({ state: join(home, "chain.json") });
    const owner = await AnchorOwner.connect(anvil.url, { kind: "remote", url: anvil.url, address: ANVIL_ACCOUNT });
    ({ contract } = await owner.deploy({ creditInterval: 60, creditBurst: 10 }));
    const lane = laneOf(ORIGIN);
    for (const [device, trust] of Object.entries(ON_CHAIN)) {
      await owner.setDevice(contract, deviceIdOf(lane, device), lane, trust, "registered");
    }
    owner.close();
    createKeyFile(join(home, "keys", "fleet.key"), "aes-256");
    writeRegistry(join(home, "devices.json"), {
      version: 1,
      devices: DEVICES.map((id) => ({ id, profile: "cose-a128gcm" as const })),
    });
    await helper.startServer();
    await load();
  });
  after(async () => {
    await helper.unload();
    await helper.stopServer();
    await anvil?.end("SIGKILL");
    delete process.env.REDOUBT_HOME;
    if (home) rmSync(home, { recursive: true, force: true });
  });

  async function load(): Promise<void> {
    const gate = { type: "redoubt-command-gate", ledger: "ledger", registry: "fleet", rpcUrl: anvil.url, contract };
    await helper.load(
      [ledgerConfigNode, registryNode, commandGateNode],
      [
        { id: "flow", type: "tab" },
        { id: "ledger", type: "redoubt-ledger-config", origin: ORIGIN, groupMs: 2 },
        { id: "fleet", type: "redoubt-device-registry", path: "devices.json", fleetKey: "fleet.key" },
        { id: "gate", z: "flow", ...gate, wires: [["approved"], [], ["refused"]] },
        { id: "approved", z: "flow", type: "helper" },
        { id: "refused", z: "flow", type: "helper" },
      ],
    );
    const note = (device: string, reason: string | null, trust: number | null, receipt: LedgerReceipt | null) => {
      const detail = receipt && (ledger().ledger?.entry(receipt.index)?.data?.detail as Record<string, unknown>);
      decided.push({
        device,
        reason,
        trust,
        recorded: detail && [detail.device, detail.decision, detail.reason ?? null],
      });
    };
    helper.getNode("approved").on("input", (message) => {
      const { command, receipt } = message as StageMessage & {
        command: { device: string; trust: number };
        receipt: LedgerReceipt;
      };
      note(command.device, null, command.trust, receipt);
    });
    helper.getNode("refused").on("input", ({ payload }) => {
      const { device, reason, trust, receipt } = payload as Decided & { receipt: LedgerReceipt | null };
      note(device, reason, trust, receipt);
    });
    await ledger().useTrustRules(DEFAULT_TRUST_RULES);
    for (const device of DEVICES) {
      const score = device === "fallen" ? 20 : 100;
      const operator = { action: "register" as const, device, by: "ada", reason: "bought", score };
      await ledger().append([{ kind: "operator", at: Date.now(), operator }]);
    }
  }

  async function command(...devices: string[]): Promise<Decided[]> {
    decided.length = 0;
    for (const device of devices) {
      helper.getNode("gate").receive({ payload: { device_id: device, command: "fan_on" } });
    }
    while (decided.length < devices.length) await new Promise((resolve) => setTimeout(resolve, 5));
    return [...decided].sort((a, b) => devices.indexOf(a.device) - devices.indexOf(b.device));
  }
  const approved = (device: string, trust: number): Decided => ({
    ...{ device, reason: null, trust },
    recorded: [device, "approved", null],
  });
  const refused = (device: string, trust: number | null, reason: string): Decided => ({
    ...{ device, reason, trust },
    recorded: [device, "refused", reason],
  });

  it("passes what log and chain allow, and refuses by the lower of both, on the ledger before it leaves", async () => {
    assert.deepEqual(await command(...DEVICES), [
      approved("trusted", 100),
      approved("limit", 30),
      refused("doubted", 29, "chain-low"),
      refused("zero", 0, "chain-low"),
      refused("fallen", 20, "trust-low"),
      refused("unlisted", 100, "chain-unknown"),
    ]);
  });

  it("refuses everything while the chain is away, and goes on when it is back", async () => {
    await anvil.end();
    assert.deepEqual(await command("trusted", "doubted"), [
      refused("trusted", 100, "chain-unavailable"),
      refused("doubted", 100, "chain-unavailable"),
    ]);
    await anvil.start({ state: join(home, "chain.json") });
    assert.deepEqual(await command("trusted", "doubted"), [
      approved("trusted", 100),
      refused("doubted", 29, "chain-low"),
    ]);
  });

  it("refuses where the chain has forgotten the contract", async () => {
    await anvil.end("SIGKILL");
    await anvil.start();
    assert.deepEqual(await command("trusted"), [refused("trusted", 100, "chain-unavailable")]);
  });
});
