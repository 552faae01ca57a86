import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { OwnProcess } from "../harness/own-process.js";
import { environmentOf, type PipelineContender } from "./contender.js";
import { compareMasked, type NoiseModel } from "./outputs.js";

const PACKAGES = "paho.mqtt.client, cryptography, sklearn, pandas";
const MESSAGES = 500;
const WARM_UP = 30;

export const PYTHON_MISSING =
  "seed-style is left out: it needs Python 3 with paho-mqtt, cryptography, scikit-learn and pandas " +
  "(apt-get install python3-paho-mqtt python3-cryptography python3-sklearn python3-pandas)";

/** The first Python that has the packages; Debian's own before others on the PATH, since those rarely have them. */
export function findPython(candidates = ["/usr/bin/python3", "python3"]): string | undefined {
  return candidates.find((python) => spawnSync(python, ["-c", `import ${PACKAGES}`]).status === 0);
}

/** The rule of the seed's processor; an output says itself whether it was taken for an anomaly. */
export function seedNoise(temperature: number, output: Readonly<Record<string, unknown>>): NoiseModel {
  if (temperature >= 30 || temperature <= 21) return { sigma: 0, centre: temperature };
  return output.anomaly === true ? { sigma: 0.1, centre: 25 } : { sigma: 0.02, centre: temperature };
}

/** A Python processor that does per message what seed 000's does. */
export function seedStyle(python: string): PipelineContender {
  return {
    name: "seed-style",
    // More in flight only makes its queue longer: it is one thread that takes milliseconds for each.
    inFlight: 8,
    messages: (wanted) => Math.min(MESSAGES, wanted),
    warmUp: (wanted) => Math.min(WARM_UP, wanted),
    async start(setup) {
      return new OwnProcess("seed-style", {
        command: python,
        args: [join(__dirname, "seed_style_processor.py")],
        // One row leaves nothing to do in parallel, and idle worker threads would only disturb the others.
        env: { ...environmentOf(setup), OMP_NUM_THREADS: "1", PYTHONWARNINGS: "ignore" },
      });
    },
    compare: (sent, outputs, { maskedKey }) => compareMasked(sent, outputs, maskedKey, seedNoise),
  };
}
