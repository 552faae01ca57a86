import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { Node, NodeMessage } from "node-red";
import helper from "node-red-node-test-helper";
import { importModel } from "../../lib/anomaly/import/import-model.js";
import { writeModelFile } from "../../lib/anomaly/model-file.js";
import { AnomalyScorer } from "../../lib/anomaly/scorer.js";
import { trainModel } from "../../lib/anomaly/train.js";
import { trainEnsemble } from "../../lib/anomaly/train-ensemble.js";
import { trainOneClassSvm } from "../../lib/anomaly/train-one-class-svm.js";
import type { AnomalyVerdict, RejectionInfo } from "../../lib/common/message.js";
import { SeededRandom } from "../../lib/common/seeded-random.js";
import anomalyScoreNode from "../../nodes/anomaly-score/anomaly-score.js";
import type { ModelNode } from "../../nodes/common/model.js";
import modelNode from "../../nodes/model/model.js";
import { EXPORT_KINDS, randomExport } from "../lib/anomaly/export-fixture.js";
import { FEATURE, gaussianRows, names, quietModel, quietReadings } from "../lib/anomaly/support.js";

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

  it("scores with models of every kind, in one form", async () => {
    const payload = { f0: 0.2, f1: -0.1, f2: 0.3, note: "kept" };
    const machine = trainOneClassSvm({ featureNames: names(3), values: gaussianRows(200, 3, 1) }).model;
    const imported = EXPORT_KINDS.map((kind) => {
      const { content } = randomExport(kind, 4);
      return importModel(JSON.stringify(content), { name: kind }).model;
    });
    const ensemble = trainEnsemble([machine, ...imported], undefined, { rule: "majority" });
    const labels = new Map<string, string | undefined>();
    for (const model of [machine, ...imported, ensemble]) {
      writeModelFile(join(home, "models", "any.json"), model);
      await load({ source: "file", file: "any.json" });
      const { anomaly } = await send(payload, "scored", "probe");
      assert.ok(anomaly && anomaly.score >= 0 && anomaly.score <= 1, model.kind);
      assert.equal(anomaly.isAnomaly, anomaly.score >= anomaly.threshold, model.kind);
      assert.deepEqual(anomaly.isAnomaly, new AnomalyScorer(model).score(payload).isAnomaly, model.kind);
      assert.equal(anomaly.model, `${model.name}@1`);
      labels.set(model.kind, anomaly.label);
      // A model that knows its training rows guards their range, whoever trained it; this ensemble has none.
      const far = (await send({ ...payload, f1: 1e6 }, "scored", "probe")).anomaly;
      const isGuarded = far?.reasons.some(({ feature, source }) => feature === "f1" && source === "tail");
      assert.equal(isGuarded, model.kind !== "ensemble", model.kind);
      if (isGuarded) assert.equal(far?.isAnomaly, true);
      assert.equal((await send({ f0: 1, f1: 2 }, "rejected")).rejected?.code, "SCHEMA");
      await helper.unload();
    }
    assert.deepEqual([...labels.keys()].length, 6);
    for (const kind of ["decision-tree", "random-forest", "k-nearest-neighbours"])
      assert.match(labels.get(kind) ?? "", /normal|scan|flood/);
    assert.equal(labels.get("isolation-forest"), undefined);
  });

  it("fills in medians where an imported model has them, and else rejects", async () => {
    const { content } = randomExport("isolation-forest", 4);
    for (const [training, output] of [
      [content.training, "scored"],
      [null, "rejected"],
    ] as const) {
      const { model } = importModel(JSON.stringify({ ...content, training }));
      writeModelFile(join(home, "models", "any.json"), model);
      await load({ source: "file", file: "any.json", missing: "impute" });
      const message = await send({ f0: 0, f2: 0 }, output);
      if (output === "rejected") assert.match(message.rejected?.reason ?? "", /no value for "f1"/);
      else assert.ok(message.anomaly?.reasons.some(({ source }) => source === "missing"));
      await helper.unload();
    }
  });

  it("does not take a model from elsewhere for one that it has learned", async () => {
    const { model } = importModel(JSON.stringify(randomExport("isolation-forest", 4).content));
    writeModelFile(join(home, "models", "any.json"), model);
    await load({ source: "learn", file: "any.json", features: "f0,f1,f2" });
    assert.match((helper.getNode("model") as Node as ModelNode).problem ?? "", /not learned here; read it as a file/);
  });

  describe("with two models", () => {
    const data = { featureNames: ["temperature", "humidity"], values: twoFeatures() };

    function twoFeatures(): Float64Array {
      const random = new SeededRandom(12);
      const values = new Float64Array(4000);
      for (let i = 0; i < values.length; i += 2) {
        const warmth = random.gaussian(0, 2);
        values[i] = 27 + warmth;
        values[i + 1] = 50 - 2 * warmth + random.gaussian(0, 0.5);
      }
      return values;
    }

    async function loadTwo(settings: Record<string, unknown>): Promise<void> {
      writeModelFile(join(home, "models", "forest.json"), trainModel(data, { name: "forest", contamination: 0 }));
      writeModelFile(join(home, "models", "svm.json"), trainOneClassSvm(data, { name: "svm", nu: 0.001 }).model);
      await helper.load(
        [modelNode, anomalyScoreNode],
        [
          { id: "model", type: "redoubt-model", source: "file", file: "forest.json", missing: "reject" },
          { id: "second", type: "redoubt-model", source: "file", file: "svm.json", missing: "reject" },
          {
            id: "score",
            type: "redoubt-anomaly-score",
            model: "model",
            ...settings,
            wires: [["scored"], ["rejected"]],
          },
          { id: "scored", type: "helper" },
          { id: "rejected", type: "helper" },
        ],
      );
    }

    async function score(features: Record<string, number>): Promise<AnomalyVerdict | undefined> {
      const arrived = nextOf("scored");
      helper
        .getNode("score")
        .receive({ payload: "other", traffic: { features, outOfRange: [], impossibleChange: [] } } as NodeMessage);
      return (await arrived).anomaly;
    }

    it("takes features from the property it is told, and combines both by the rule that is chosen", async () => {
      // Both values are ordinary, together they are not: the machine sees it, a forest that may flag nothing does not.
      const odd = { temperature: 30, humidity: 54 };
      const expectations = { both: false, either: true };
      for (const [agreement, isAnomaly] of Object.entries(expectations)) {
        await loadTwo({ input: "traffic.features", secondModel: "second", agreement });
        const verdict = await score(odd);
        assert.deepEqual([verdict?.isAnomaly, verdict?.model], [isAnomaly, "forest@1 + svm@1"], agreement);
        assert.equal((await score({ temperature: 27, humidity: 50 }))?.isAnomaly, false);
        const hot = await score({ temperature: 90, humidity: 50 });
        assert.match(hot?.reasons[0]?.text ?? "", /^temperature 90 °C: .* above the trained range$/);
        await helper.unload();
      }
    });

    it("refuses what one of the models cannot score, and what has no such property", async () => {
      await loadTwo({ input: "traffic.features", secondModel: "second" });
      for (const message of [{ payload: {} }, { payload: {}, traffic: { features: { temperature: 25 } } }]) {
        const arrived = nextOf("rejected");
        helper.getNode("score").receive(message as unknown as NodeMessage);
        assert.equal((await arrived).rejected?.code, "SCHEMA");
      }
    });

    it("says at deploy where the second model is missing or the property cannot be one", async () => {
      for (const settings of [{ secondModel: "gone" }, { input: "a[" }]) {
        await loadTwo(settings);
        let passed = 0;
        helper.getNode("scored").on("input", () => passed++);
        const failed = new Promise<unknown>((resolve) => {
          const node = helper.getNode("score");
          node.error = (error: unknown) => resolve(error);
          node.receive({ payload: { temperature: 27, humidity: 50 } } as NodeMessage);
        });
        assert.match(String(await failed), /errors\.(noModel|input)/);
        assert.equal(passed, 0);
        await helper.unload();
      }
    });
  });

  it("does not learn from messages that were suspect before they came here", async () => {
    await load({});
    const traffic = { overRate: true, outOfRange: [], impossibleChange: [] };
    for (let i = 0; i < 100; i++) {
      const arrived = nextOf("scored");
      helper.getNode("score").receive({ payload: { [FEATURE]: 25 }, traffic } as unknown as NodeMessage);
      await arrived;
    }
    assert.equal((helper.getNode("model") as Node as ModelNode).learning?.have, 0);
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
