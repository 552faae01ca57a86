import { Lab } from "../support/lab/lab.js";
import { startSensor } from "../support/lab/sensor-record.js";
import { missingForLab } from "../support/lab/tools.js";
import { type Trial, tryAttack } from "../support/lab/trial.js";
import type { Drill } from "./drill.js";

const REDUCED_SHARE = 3;

function line({ attack, hits, problems, latencySec, dropped }: Trial): string {
  const told = hits[0]?.alert.kind ?? "nothing";
  const when = Number.isNaN(latencySec) ? "" : `, ${latencySec.toFixed(2)} s after the crossing`;
  const verdict = problems.length === 0 ? "ok" : "FAILED";
  return `${attack.name}: ${verdict}: ${told}${when}, ${dropped ?? "?"} packets dropped ${problems.join(" | ")}`;
}

export const networkLab: Drill = {
  name: "network-lab",
  summary: "every attack of the lab (a third), by real tools: an alert names the attacker within 2 s, and nobody else",
  async run({ reduced, progress }) {
    const missing = missingForLab();
    if (missing) throw new Error(`missing: ${missing}`);
    const lab = await Lab.start();
    try {
      await startSensor(lab.network, 1);
      const trials: Trial[] = [];
      for (const [index, attack] of lab.attacks.entries()) {
        if (reduced && index % REDUCED_SHARE !== 0) continue;
        const trial = await tryAttack(lab, attack, reduced);
        progress(line(trial));
        trials.push(trial);
      }
      const failed = trials.filter(({ problems }) => problems.length > 0).map(({ attack }) => attack.name);
      if (failed.length > 0) throw new Error(`${failed.length} of ${trials.length} attacks: ${failed.join(", ")}`);
      const slowest = Math.max(...trials.map(({ latencySec }) => latencySec));
      return `${trials.length} kinds of attack, each named within ${slowest.toFixed(2)} s, nobody else accused`;
    } finally {
      lab.close();
    }
  },
};
