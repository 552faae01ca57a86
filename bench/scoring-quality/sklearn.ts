import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { SAMPLE_SIZE, TREES } from "./contenders.js";
import type { DataSet } from "./data-sets.js";

export const SKLEARN_MISSING =
  "scikit-learn is left out, and with it the target: it needs Python 3 with scikit-learn (apt-get install python3-sklearn)";

/** The first Python that has scikit-learn; Debian's own before others on the PATH, since those rarely have it. */
export function findSklearn(candidates = ["/usr/bin/python3", "python3"]): string | undefined {
  return candidates.find((python) => spawnSync(python, ["-c", "import sklearn"]).status === 0);
}

/**
 * Runs all seeds on all sets in one process of Python.
 *
 * @returns one AUC per seed, in the order of the seeds, by the name of the set.
 * @throws {Error} with what Python says where it fails.
 */
export async function sklearnAucs(
  python: string,
  sets: readonly DataSet[],
  seeds: readonly number[],
  onRun: () => void,
): Promise<Map<string, number[]>> {
  const child = spawn(python, ["-W", "ignore", join(__dirname, "sklearn_auc.py")], { stdio: "pipe" });
  const stop = () => child.kill();
  process.once("exit", stop);
  try {
    let complaint = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaint += text;
    });
    const closed = once(child, "close");
    child.stdin.on("error", () => undefined);
    const job = { sets: sets.map(({ path, featureNames }) => ({ path, features: featureNames })), seeds };
    child.stdin.end(`${JSON.stringify({ ...job, trees: TREES, sampleSize: SAMPLE_SIZE })}\n`);
    const found = new Map<string, Map<number, number>>(sets.map(({ path }) => [path, new Map()]));
    for await (const line of createInterface({ input: child.stdout })) {
      const { path, seed, auc } = JSON.parse(line) as { path: string; seed: number; auc: number };
      found.get(path)?.set(seed, auc);
      onRun();
    }
    const [code] = await closed;
    if (code !== 0) throw new Error(`scikit-learn failed: ${complaint.trim().split("\n").at(-1)}`);
    return new Map(sets.map(({ name, path }) => [name, seeds.map((seed) => found.get(path)?.get(seed) as number)]));
  } finally {
    process.off("exit", stop);
  }
}
