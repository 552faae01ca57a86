import assert from "node:assert/strict";
import type { Node, NodeMessage } from "node-red";
import helper from "node-red-node-test-helper";
import statsNode from "../../nodes/stats/stats.js";

helper.init(require.resolve("node-red"));

type Snapshot = NodeMessage & { payload: Record<string, unknown>; audience?: string };

function nextMessage(node: Node): Promise<Snapshot> {
  return new Promise((resolve) => node.once("input", (message) => resolve(message as Snapshot)));
}

function flow(config: Record<string, unknown>) {
  return [
    {
      id: "stats",
      type: "redoubt-stats",
      every: 0.2,
      fields: "",
      operatorsOnly: false,
      wires: [["passed"], ["snapshot"]],
      ...config,
    },
    { id: "passed", type: "helper" },
    { id: "snapshot", type: "helper" },
  ];
}

describe("stats node", () => {
  before(() => helper.startServer());
  after(() => helper.stopServer());
  afterEach(() => helper.unload());

  it("passes messages on as they are and sends a summary apart from them", async () => {
    await helper.load(statsNode, flow({ fields: "t=payload.temperature_C", operatorsOnly: true }));
    const message = { payload: { temperature_C: 25 } };
    const passed = nextMessage(helper.getNode("passed"));
    const snapshot = nextMessage(helper.getNode("snapshot"));
    helper.getNode("stats").receive(message);
    assert.equal((await passed).payload, message.payload, "the same object, not a copy");
    const { payload, audience } = await snapshot;
    assert.equal(payload.accepted, 1);
    assert.equal((payload.fields as { t: { mean: number } }).t.mean, 25);
    assert.equal(audience, "operator");
  });

  it("counts rejections by code and keeps them from the first output", async () => {
    await helper.load(statsNode, flow({}));
    let passed = 0;
    helper.getNode("passed").on("input", () => passed++);
    const stats = helper.getNode("stats");
    stats.receive({ payload: "x", rejected: { code: "REPLAY", reason: "seen" } } as NodeMessage);
    stats.receive({ payload: "x", rejected: { code: "REPLAY", reason: "seen" } } as NodeMessage);
    const { payload, audience } = await nextMessage(helper.getNode("snapshot"));
    assert.deepEqual(payload.rejectedByCode, { REPLAY: 2 });
    assert.equal(passed, 0);
    assert.equal(audience, undefined);
  });

  it("says what is wrong with its settings instead of running", async () => {
    await helper.load(statsNode, flow({ every: 0 }));
    const errors = helper.log().args.filter(([entry]) => entry.level === 20);
    assert.equal(errors.length, 1);
    await helper.unload();
    await helper.load(statsNode, flow({ fields: "no equals sign" }));
    assert.equal(helper.log().args.filter(([entry]) => entry.level === 20).length, 1);
  });
});
