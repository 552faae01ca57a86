import assert from "node:assert/strict";
import type { Node, NodeMessageInFlow } from "node-red";
import helper from "node-red-node-test-helper";
import type { HvacAlarm } from "../../lib/hvac/alarms.js";
import type { HvacCommand } from "../../lib/hvac/hvac-controller.js";
import hvacControl from "../../nodes/hvac-control/hvac-control.js";

const DEFAULTS = {
  field: "temperature",
  setpoint: 25,
  filterTau: 600,
  deadBand: 0.5,
  kp: 1,
  integralTime: 1200,
  baseSupply: 22.5,
  minSupply: 16,
  maxSupply: 27,
  failSafe: 20,
  staleAfter: 300,
  overheat: 30,
  overheatClear: 29.8,
  undercool: 21,
  undercoolClear: 21.2,
  hold: 20,
  doorDrop: 2,
  noiseSigma: 0,
  nightStart: "22:00",
  nightEnd: "05:00",
  timeZone: "UTC",
  group: "",
};

interface Outputs {
  node: Node;
  commands: NodeMessageInFlow[];
  rejected: NodeMessageInFlow[];
  alarms: NodeMessageInFlow[];
  /** Resolves with the next message of an output. */
  next(output: "command" | "rejected" | "alarm"): Promise<NodeMessageInFlow>;
}

async function load(settings: Record<string, unknown> = {}): Promise<Outputs> {
  const flow = [
    {
      id: "hvac",
      type: "redoubt-hvac-control",
      ...DEFAULTS,
      ...settings,
      wires: [["command"], ["rejected"], ["alarm"]],
    },
    ...["command", "rejected", "alarm"].map((id) => ({ id, type: "helper" })),
  ];
  await helper.load(hvacControl, flow);
  const collect = (id: string): NodeMessageInFlow[] => {
    const messages: NodeMessageInFlow[] = [];
    helper.getNode(id).on("input", (msg: NodeMessageInFlow) => messages.push(msg));
    return messages;
  };
  return {
    node: helper.getNode("hvac") as unknown as Node,
    commands: collect("command"),
    rejected: collect("rejected"),
    alarms: collect("alarm"),
    next: (output) => new Promise((resolve) => helper.getNode(output).once("input", resolve)),
  };
}

describe("redoubt-hvac-control", () => {
  before(() => helper.startServer());
  after(() => helper.stopServer());
  afterEach(() => helper.unload());

  it("answers each accepted reading with a command", async () => {
    const { node, next } = await load({ deadBand: 0 });
    const command = next("command");
    node.receive({ payload: { timestamp: "2025-07-01T12:00:00Z", temperature: 26.5 } });
    assert.deepEqual((await command).payload, {
      timestamp: "2025-07-01T12:00:00.000Z",
      supply_temperature_C: 21,
      setpoint_C: 25,
      filtered_C: 26.5,
      override: null,
    });
  });

  it("reads the field it is told to", async () => {
    const { node, next } = await load({ field: "temperature_C" });
    const command = next("command");
    node.receive({ payload: { timestamp: 1_760_000_000, temperature_C: 24.9, temperature: 99 } });
    assert.equal(((await command).payload as HvacCommand).filtered_C, 24.9);
  });

  it("puts late, future and malformed messages on the second output", async () => {
    const { node, next, commands, rejected } = await load();
    const first = next("command");
    node.receive({ payload: { timestamp: "2025-07-01T12:00:00Z", temperature: 25 } });
    await first;
    const cases: [unknown, string][] = [
      [{ timestamp: "2025-07-01T12:00:00Z", temperature: 25 }, "STALE"],
      [{ timestamp: "2025-07-01T11:00:00Z", temperature: 25 }, "STALE"],
      [{ timestamp: "2199-01-01T00:00:00Z", temperature: 25 }, "RANGE"],
      [{ timestamp: "2025-07-01T12:01:00Z", temperature: 1000 }, "RANGE"],
      [{ timestamp: "2025-07-01T12:01:00Z", temperature: "25" }, "SCHEMA"],
      [{ timestamp: "2025-07-01T12:01:00Z", temperature: null }, "SCHEMA"],
      [{ timestamp: "2025-07-01T12:01:00Z" }, "SCHEMA"],
      [{ timestamp: "yesterday", temperature: 25 }, "SCHEMA"],
      ["25", "SCHEMA"],
      [null, "SCHEMA"],
      [[], "SCHEMA"],
      [{ alarm: "overheat", state: "perhaps", since: 0 }, "SCHEMA"],
      [{ alarm: { on: true } }, "SCHEMA"],
    ];
    for (const [payload, code] of cases) {
      const message = next("rejected");
      node.receive({ payload } as NodeMessageInFlow);
      const { rejected: verdict } = (await message) as NodeMessageInFlow & { rejected: { code: string } };
      assert.equal(verdict.code, code, JSON.stringify(payload));
    }
    assert.equal(rejected.length, cases.length);
    assert.equal(commands.length, 1);
  });

  it("survives hostile payloads", async () => {
    const { node, next, rejected } = await load();
    const hostile = JSON.parse(
      '[{"__proto__": {"temperature": 20}, "timestamp": 1}, {"temperature": {}}, {"alarm": []}]',
    );
    for (const payload of hostile) {
      const message = next("rejected");
      node.receive({ payload });
      await message;
    }
    assert.equal(rejected.length, 3);
  });

  it("switches the safety override on trusted alarms and shows it", async () => {
    const { node, next } = await load();
    const reading = next("command");
    node.receive({ payload: { timestamp: "2025-07-01T12:00:00Z", temperature: 25 } });
    await reading;
    const on = next("command");
    node.receive({ payload: { alarm: "overheat", state: "on", since: "2025-07-01T12:00:01Z", group: "zone-1" } });
    const { override, supply_temperature_C } = (await on).payload as HvacCommand;
    assert.deepEqual([override, supply_temperature_C], ["overheat", 16]);
    const off = next("command");
    node.receive({ payload: { alarm: "overheat", state: "off", since: "2025-07-01T12:05:00Z", group: "zone-1" } });
    assert.equal(((await off).payload as HvacCommand).override, null);
  });

  it("sends its own alarms on the third output", async () => {
    const { node, next } = await load({ hold: 0 });
    const alarm = next("alarm");
    node.receive({ payload: { timestamp: "2025-07-01T12:00:00Z", temperature: 30.5 } });
    assert.deepEqual((await alarm).payload, {
      alarm: "overheat",
      state: "on",
      since: "2025-07-01T12:00:00.000Z",
      source: "received",
    });
  });

  it("falls back to the fail-safe command when readings stay out, and recovers", async () => {
    const { node, next } = await load({ staleAfter: 0.1 });
    const [command, alarm] = await Promise.all([next("command"), next("alarm")]);
    const lost = command.payload as HvacCommand;
    assert.deepEqual([lost.override, lost.supply_temperature_C, lost.filtered_C], ["no-data", 20, null]);
    assert.deepEqual([(alarm.payload as HvacAlarm).alarm, (alarm.payload as HvacAlarm).state], ["no-data", "on"]);
    const [again, cleared] = [next("command"), next("alarm")];
    node.receive({ payload: { timestamp: "2025-07-01T12:00:00Z", temperature: 25 } });
    assert.equal(((await again).payload as HvacCommand).override, null);
    assert.equal(((await cleared).payload as HvacAlarm).state, "off");
    const lostAgain = await next("command");
    assert.equal((lostAgain.payload as HvacCommand).override, "no-data");
  });

  it("does not take repeats of a masked value for data", async () => {
    const { node, next } = await load({ staleAfter: 0.15, noiseSigma: 0.953 });
    const alarm = next("alarm");
    const start = Date.UTC(2025, 6, 1, 12);
    let sent = 0;
    const repeating = setInterval(() => {
      node.receive({ payload: { timestamp: start + 60_000 * sent++, temperature: 25.31 } } as NodeMessageInFlow);
    }, 20);
    const { payload } = await alarm;
    clearInterval(repeating);
    assert.deepEqual([(payload as HvacAlarm).alarm, (payload as HvacAlarm).state], ["no-data", "on"]);
    assert.ok(sent >= 2);
  });

  it("says on deploy what is wrong with its settings, and takes no input then", async () => {
    for (const settings of [{ failSafe: 5 }, { timeZone: "Mars/Olympus" }, { kp: "" }, { nightStart: "late" }]) {
      const { commands, rejected } = await load(settings);
      const errors = helper
        .log()
        .args.filter(([entry]) => (entry as { type?: string }).type === "redoubt-hvac-control");
      assert.equal(errors.length, 1, JSON.stringify(settings));
      helper.getNode("hvac").receive({ payload: { timestamp: 1, temperature: 25 } });
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(commands.length + rejected.length, 0);
      await helper.unload();
    }
  });
});
