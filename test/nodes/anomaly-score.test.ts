import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { Node, NodeMessage } from "node-red";
import helper from "node-red-node-test-helper";
import { writeModelFile } from "../../lib/anomaly/model-file.js";
import type { AnomalyVerdict, RejectionInfo } from "../../lib/common/message.js";
import anomalyScoreNode from "../../nodes/anomaly-score/anomaly-score.js";
import type { ModelNode } from "../../nodes/common/model.js";
import modelNode from "../../nodes/model/model.js";
import { FEATURE, quietModel, quietReadings } from "../lib/anomaly/support.js";

helper.init(require.resolve("node-red"));

type Scored = NodeMessage & { anomaly?: AnomalyVerdict; rejected?: RejectionInfo };

describe("anomaly-score and model nodes", () => {
  let home: string;
  let earlierHome: string | undefined;

  before(() => helper.startServer());
  after(() => helper.stopServer());
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "redoubt-nodes-"));
    earlierHome = process.env.REDOUBT_HOME;
    process.env.REDOUBT_HOME = home;
  });
  afterEach(async () => {
    await helper.unload();
    if (earlierHome === undefined) delete process.env.REDOUBT_HOME;
    else process.env.REDOUBT_HOME = earlierHome;
    rmSync(home, { recursive: true });
  });

  function load(model: Record<string, unknown>): Promise<void> {
    const base = { source: "learn", file: "", features: FEATURE, learnSamples: 64, retrainHours: 0, missing: "reject" };
    return helper.load(
      [modelNode, anomalyScoreNode],
      [
        { id: "model", type: "redoubt-model", name: "inlet", ...base, ...model },
        { id: "score", type: "redoubt-anomaly-score", model: "model", wires: [["scored"], ["rejected"]] },
        { id: "scored", type: "helper" },
        { id: "rejected", type: "helper" },
      ],
    );
  }

  const nextOf = (id: string) =>
    new Promise<Scored>((resolve) => helper.getNode(id).once("input", (message) => resolve(message as Scored)));

  function send(payload: unknown, output: "scored" | "rejected", device?: string): Promise<Scored> {
    const arrived = nextOf(output);
    helper.getNode("score").receive({ payload, ...(device && { device: { id: device } }) } as NodeMessage);
    return arrived;
  }

  function recordStatus(): string[] {
    const texts: string[] = [];
    const score = helper.getNode("score");
    const status = score.status.bind(score);
    score.status = (state) => {
      if (typeof state === "object") texts.push(`${state.fill} ${state.text}`);
      status(state);
    };
    return texts;
  }

  const untilReady = () =>
    new Promise<void>((resolve) => {
      const model = helper.getNode("model") as Node as ModelNode;
      model.watch(() => {
        if (model.isReady) resolve();
      });
    });

  it("learns, passing messages unscored, then scores, and loads its model after a restart", async () => {
    await load({});
    const statuses = recordStatus();
    const ready = untilReady();
    const early = await send({ [FEATURE]: 25 }, "scored");
    assert.equal(early.anomaly, undefined);
    for (const x of quietReadings(63, 1)) await send({ [FEATURE]: x }, "scored");
    await ready;
    assert.ok(statuses.includes("blue redoubt-anomaly-score.status.learning"));
    const hot = await send({ [FEATURE]: 80 }, "scored");
    assert.equal(hot.anomaly?.isAnomaly, true);
    assert.equal(hot.anomaly?.model, "inlet@1");
    assert.ok(existsSync(join(home, "models", "learned-model.json")));

    await helper.unload();
    await load({});
    const message = { payload: { [FEATURE]: 25.01, note: "kept" }, topic: "t", extra: { a: 1 } };
    const arrived = nextOf("scored");
    helper.getNode("score").receive(structuredClone(message) as NodeMessage);
    const { anomaly, _msgid, ...rest } = (await arrived) as Scored & Record<string, unknown>;
    assert.equal(anomaly?.isAnomaly, false);
    assert.deepEqual(rest, message);
  });

  it("scores with a model file from the home or from the palette's own folder", async () => {
    writeModelFile(join(home, "models", "room.json"), quietModel(600, 1, { name: "room" }));
    await load({ source: "file", file: "room.json" });
    for (const value of [19, 28, 31.5, 80, 99]) {
      const { anomaly } = await send({ [FEATURE]: value }, "scored", `probe-${value}`);
      assert.ok(anomaly?.isAnomaly && anomaly.reasons.length > 0, `${value}`);
    }
    assert.equal((await send({ [FEATURE]: 25 }, "scored", "quiet")).anomaly?.isAnomaly, false);
  });

  it("watches drift per device", async () => {
    writeModelFile(join(home, "models", "room.json"), quietModel(600, 1));
    await load({ source: "file", file: "room.json" });
    let drifting: AnomalyVerdict | undefined;
    for (let i = 0; i < 200 && !drifting?.isAnomaly; i++) {
      drifting = (await send({ [FEATURE]: 25.09 }, "scored", "a")).anomaly;
    }
    assert.ok(drifting?.reasons.some((reason) => reason.source === "drift"));
    assert.equal((await send({ [FEATURE]: 25 }, "scored", "b")).anomaly?.isAnomaly, false);
  });

  it("sends what cannot be scored to the second output with its code", async () => {
    writeModelFile(join(home, "models", "room.json"), quietModel(600, 1));
    await load({ source: "file", file: "room.json" });
    const cases: [unknown, string][] = [
      [{}, "SCHEMA"],
      [{ [FEATURE]: null }, "SCHEMA"],
      [{ [FEATURE]: Number.NaN }, "SCHEMA"],
      [{ [FEATURE]: "25" }, "SCHEMA"],
      [{ [FEATURE]: [25] }, "SCHEMA"],
      [JSON.parse('{"__proto__": {"temperature_C": 25}}'), "SCHEMA"],
      [JSON.parse('{"temperature_C": 1e400}'), "RANGE"],
      ["25", "SCHEMA"],
      [null, "SCHEMA"],
      [undefined, "SCHEMA"],
      [Buffer.from("25"), "SCHEMA"],
    ];
    for (const [payload, code] of cases) {
      const message = await send(payload, "rejected");
      assert.equal(message.rejected?.code, code);
      assert.equal(message.anomaly, undefined);
    }
    await fc.assert(
      fc.asyncProperty(
        fc.anything().filter((value) => !Object.hasOwn(Object(value), FEATURE)),
        async (payload) => {
          assert.equal((await send(payload, "rejected")).rejected?.code, "SCHEMA");
        },
      ),
      { seed: 41, numRuns: 100 },
    );
    assert.equal((await send({ [FEATURE]: 25 }, "scored")).anomaly?.isAnomaly, false);
  });

  it("fills in missing values where the model says so", async () => {
    writeModelFile(join(home, "models", "room.json"), quietModel(600, 1));
    await load({ source: "file", file: "room.json", missing: "impute" });
    assert.equal((await send({ [FEATURE]: null }, "rejected")).rejected?.code, "SCHEMA");
  });

  it("says at deploy what is wrong with the settings, and passes nothing", async () => {
    writeFileSync(join(home, "broken.json"), "{}");
    const cases: [Record<string, unknown>, RegExp][] = [
      [{ source: "file", file: "" }, /no model file is named/],
      [{ source: "file", file: "none.json" }, /there is no model file/],
      [{ source: "file", file: join(home, "broken.json") }, /not a Redoubt model/],
      [{ features: "" }, /1 to 256 features/],
      [{ features: "a,a" }, /"a" appears twice/],
      [{ learnSamples: 10 }, /64 to 1000000/],
      [{ source: "cloud" }, /file or learn/],
    ];
    for (const [settings, problem] of cases) {
      await load(settings);
      const model = helper.getNode("model") as Node as ModelNode;
      assert.match(model.problem ?? "", problem);
      let passed = 0;
      helper.getNode("scored").on("input", () => passed++);
      const failed = new Promise<unknown>((resolve) => {
        const score = helper.getNode("score");
        score.error = (error: unknown) => resolve(error);
        score.receive({ payload: { [FEATURE]: 25 } } as NodeMessage);
      });
      assert.match(String(await failed), problem);
      assert.equal(passed, 0);
      await helper.unload();
    }
  });

  it("asks for a model where none is chosen", async () => {
    await helper.load(anomalyScoreNode, [
      { id: "score", type: "redoubt-anomaly-score", model: "", wires: [["scored"], []] },
      { id: "scored", type: "helper" },
    ]);
    const errors = helper
      .log()
      .args.map(([entry]) => entry)
      .filter((entry) => entry.id === "score" && entry.level === 20);
    assert.equal(errors.length, 1);
  });
});
