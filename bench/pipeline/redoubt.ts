import { join } from "node:path";
import { writeModelFile } from "../../lib/anomaly/model-file.js";
import { trainModel } from "../../lib/anomaly/train.js";
import { writeFileAtomic } from "../../lib/common/files.js";
import { homeAt } from "../../lib/common/home.js";
import { SeededRandom } from "../../lib/common/seeded-random.js";
import { formatKey } from "../../lib/envelope/key-family.js";
import { scratchFolder } from "../harness/leftovers.js";
import type { PipelineContender, PipelineSetup } from "./contender.js";
import { MASKED_KEY_FILE, MODEL_FILE, pipelineCredentials, pipelineFlow, RAW_KEY_FILE, SAMPLE_SIGMA } from "./flow.js";
import { startNodeRed } from "./node-red.js";
import { compareMasked } from "./outputs.js";
import { quietTemperatures } from "./readings.js";

const WARM_UP = 10_000;
const TRAINING_ROWS = 5000;

/** Keys and a model trained on quiet readings, where the flow's nodes look for them. */
export function furnishHome(root: string, setup: PipelineSetup): void {
  const home = homeAt(root, root);
  writeFileAtomic(join(home.keys, RAW_KEY_FILE), `${formatKey(setup.rawKey, "fernet")}\n`);
  writeFileAtomic(join(home.keys, MASKED_KEY_FILE), `${formatKey(setup.maskedKey, "fernet")}\n`);
  const model = trainModel(
    { featureNames: ["temperature_C"], values: quietTemperatures(TRAINING_ROWS, new SeededRandom(1)) },
    { name: "bench" },
  );
  writeModelFile(join(home.models, MODEL_FILE), model);
}

/** Node-RED with the built palette and the thermal pipeline's nodes. */
export const redoubt: PipelineContender = {
  name: "redoubt",
  inFlight: 64,
  messages: (wanted) => wanted,
  warmUp: (wanted) => Math.min(WARM_UP, wanted),
  async start(setup) {
    const home = scratchFolder();
    furnishHome(home.path, setup);
    const nodeRed = await startNodeRed({
      flow: pipelineFlow(setup),
      credentials: pipelineCredentials(setup),
      home: home.path,
      nodeOptions: (process.env.REDOUBT_BENCH_NODE_OPTIONS ?? "").split(" ").filter(Boolean),
    });
    return {
      pid: nodeRed.pid,
      get output() {
        return nodeRed.output;
      },
      failure: () => nodeRed.failure(),
      stop: async () => {
        await nodeRed.stop();
        home.remove();
      },
    };
  },
  compare: (sent, outputs, { maskedKey }) =>
    compareMasked(sent, outputs, maskedKey, (temperature) => ({ sigma: SAMPLE_SIGMA, centre: temperature })),
};
