import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeMessage } from "node-red";
import helper from "node-red-node-test-helper";
import type { RejectionInfo } from "../../lib/common/message.js";
import { FLOW_FEATURES, type FlowClass, type NetworkAlert } from "../../lib/common/network.js";
import idsClassify from "../../nodes/ids-classify/ids-classify.js";

helper.init(require.resolve("node-red"));

const ROOT = join(__dirname, "..", "..");
const SHIPPED = "rt-iot2022-tree.json";

type Output = "out" | "rejected" | "alert";
type Message = NodeMessage & { ids?: FlowClass; alert?: NetworkAlert; rejected?: RejectionInfo; flow?: unknown };

/** The flows of the example: a SYN of hping3, a fast download, too few features. */
const example = JSON.parse(readFileSync(join(ROOT, "examples", "ids-classify", "name-flows.json"), "utf8")) as {
  name: string;
  props?: { p: string; v: string }[];
}[];
function exampleOf(name: string, property: string): Record<string, unknown> {
  const inject = example.find((node) => node.name === name);
  return JSON.parse(inject?.props?.find(({ p }) => p === property)?.v ?? "null");
}
const syn = exampleOf("a SYN with payload", "flow");
const download = exampleOf("a fast download", "flow");
const alert = exampleOf("an alert with its flow", "alert");

describe("ids-classify node", () => {
  let home: string;
  let earlierHome: string | undefined;

  before(() => helper.startServer());
  after(() => helper.stopServer());
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "redoubt-ids-"));
    earlierHome = process.env.REDOUBT_HOME;
    process.env.REDOUBT_HOME = home;
  });
  afterEach(async () => {
    await helper.unload();
    if (earlierHome === undefined) delete process.env.REDOUBT_HOME;
    else process.env.REDOUBT_HOME = earlierHome;
    rmSync(home, { recursive: true });
  });

  const load = (settings: Record<string, unknown> = {}) =>
    helper.load(idsClassify, [
      {
        id: "ids",
        type: "redoubt-ids-classify",
        file: SHIPPED,
        leastConfidence: 0.7,
        wires: [["out"], ["rejected"], ["alert"]],
        ...settings,
      },
      { id: "out", type: "helper" },
      { id: "rejected", type: "helper" },
      { id: "alert", type: "helper" },
    ]);

  const next = (id: Output) =>
    new Promise<Message>((resolve) => helper.getNode(id).once("input", (message) => resolve(message as Message)));

  function send(message: object, output: Output = "out"): Promise<Message> {
    const answer = next(output);
    helper.getNode("ids").receive(structuredClone(message) as NodeMessage);
    return answer;
  }

  /** What the node said when it started and since. */
  function statusOf(): { fill?: string; text?: string } {
    const calls = (helper.getNode("ids").status as unknown as { args: [{ fill?: string; text?: string }][] }).args;
    return calls.at(-1)?.[0] ?? {};
  }

  for (const file of ["rt-iot2022-forest.json", SHIPPED]) {
    it(`names flows with the shipped ${file} after its self-test, and makes no alert of them`, async () => {
      await load({ file });
      const label = `${file.replace(".json", "")}@1`;
      helper.getNode("alert").on("input", () => assert.fail("a flow left as an alert"));
      const named = await send({ flow: syn, payload: "kept" });
      assert.deepEqual([named.ids?.label, named.ids?.isAttack, named.ids?.source], ["DOS_SYN_Hping", true, label]);
      assert.ok((named.ids?.confidence as number) >= 0.7 && (named.ids?.reasons.length as number) > 1);
      assert.equal(named.payload, "kept");
      assert.ok(!("alert" in named), "a classifier must not raise alerts");
      const unknown = await send({ flow: download });
      assert.deepEqual([unknown.ids?.label, unknown.ids?.isAttack], ["unknown", false]);
      assert.ok((unknown.ids?.confidence as number) <= 0.5);
      assert.ok(!("alert" in unknown));
    });
  }

  it("shows that the self-test was passed, and by which model", async () => {
    await load();
    assert.deepEqual(statusOf(), { fill: "green", shape: "ring", text: "redoubt-ids-classify.status.ready" });
  });

  it("fills in what an alert is called, from one flow or several, and changes nothing else of it", async () => {
    await load();
    const { alert: named, ids } = await send({ alert, flow: syn }, "alert");
    assert.deepEqual(named, { ...alert, classified: named?.classified });
    assert.deepEqual([named?.classified?.label, named?.classified?.model], ["DOS_SYN_Hping", "rt-iot2022-tree@1"]);
    assert.equal(ids?.label, "DOS_SYN_Hping");
    const several = await send({ alert, flows: [syn, syn, download] }, "alert");
    assert.equal(several.alert?.classified?.label, "DOS_SYN_Hping");
    assert.ok((several.alert?.classified?.confidence as number) < 0.7);
    assert.equal(several.ids, undefined);
  });

  it("lets an alert go on that cannot be named, and says on the other output what was wrong", async () => {
    await load();
    assert.deepEqual((await send({ alert }, "alert")).alert, alert);
    const refused = next("rejected");
    const { alert: passed } = await send({ alert, flow: { features: [1] } }, "alert");
    assert.deepEqual(passed, alert);
    const { rejected, alert: none } = await refused;
    assert.equal(rejected?.code, "SCHEMA");
    assert.equal(none, undefined);
    assert.equal((await send({ alert: "loud", flow: syn }, "rejected")).rejected?.code, "SCHEMA");
    const flows = next("rejected");
    assert.deepEqual((await send({ alert, flows: "many" }, "alert")).alert, alert);
    assert.match((await flows).rejected?.reason as string, /msg\.flows is not a list/);
  });

  it("refuses what is no flow record, keeping no name that came with it", async () => {
    await load();
    const features = syn.features as number[];
    const wrong: [unknown, string][] = [
      [undefined, "SCHEMA"],
      [null, "SCHEMA"],
      ["flow", "SCHEMA"],
      [exampleOf("too few features", "flow"), "SCHEMA"],
      [{ features: FLOW_FEATURES.map(() => null) }, "SCHEMA"],
      [{ features: features.with(3, Number.NaN) }, "RANGE"],
      [{ features: features.with(3, 1e39) }, "RANGE"],
    ];
    for (const [flow, code] of wrong) {
      const { rejected, ids } = await send({ flow, ids: { label: "normal" } }, "rejected");
      assert.deepEqual([rejected?.code, ids], [code, undefined]);
    }
  });

  it("takes the user's own model of the same name first", async () => {
    mkdirSync(join(home, "models"));
    const own = JSON.parse(readFileSync(join(ROOT, "models", SHIPPED), "utf8"));
    writeFileSync(join(home, "models", SHIPPED), JSON.stringify({ ...own, name: "mine" }));
    await load();
    assert.equal((await send({ flow: syn })).ids?.source, "mine@1");
  });

  it("classifies nothing with a model that fails its self-test, is damaged or is none, but lets alerts pass", async () => {
    mkdirSync(join(home, "models"));
    const path = join(home, "models", "own.json");
    const shipped = JSON.parse(readFileSync(join(ROOT, "models", SHIPPED), "utf8"));
    const labels = shipped.selfTest.labels.map((label: number) => (label + 1) % 12);
    const failing = { ...shipped, selfTest: { ...shipped.selfTest, labels } };
    const { selfTest, ...untested } = shipped;
    assert.ok(selfTest.rows.length > 0);
    for (const content of [JSON.stringify(failing), JSON.stringify(untested), "{}", undefined]) {
      if (content === undefined) rmSync(path);
      else writeFileSync(path, content);
      await load({ file: "own.json" });
      assert.deepEqual(statusOf(), { fill: "red", shape: "ring", text: "redoubt-ids-classify.status.unusable" });
      const node = helper.getNode("ids");
      const errors = (node.error as unknown as { args: unknown[][] }).args;
      assert.equal(errors.length, 1, "one error at start");
      assert.equal(errors[0]?.[0], "redoubt-ids-classify.errors.unusable");
      const failed = new Promise<Error>((resolve) => {
        node.on("call:error" as "input", (call) => {
          const [error] = (call as unknown as { args: unknown[] }).args;
          if (error instanceof Error) resolve(error);
        });
      });
      let passed = 0;
      helper.getNode("out").on("input", () => passed++);
      node.receive({ flow: syn } as NodeMessage);
      assert.equal((await failed).message, "redoubt-ids-classify.errors.unusable");
      assert.equal(passed, 0);
      assert.deepEqual((await send({ alert, flow: syn }, "alert")).alert, alert);
      await helper.unload();
    }
  });

  it("tells of settings that cannot work", async () => {
    for (const settings of [{ file: "" }, { leastConfidence: 2 }]) {
      await load(settings);
      assert.equal(statusOf().fill, "red");
      await helper.unload();
    }
    copyFileSync(join(ROOT, "models", SHIPPED), join(home, "x.json"));
    await load({ file: join(home, "x.json"), leastConfidence: "" });
    assert.equal((await send({ flow: syn })).ids?.label, "DOS_SYN_Hping");
  });
});
