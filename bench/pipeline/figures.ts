import { type Figure, figureOf, type Target } from "../harness/figure.js";
import type { RelayMeasurement } from "../harness/relay-run.js";
import { pairedRatios } from "../harness/statistics.js";

const CASE = "thermal";

const TARGETS: Readonly<Record<string, Target>> = {
  throughputOverSeedStyle: { op: ">=", bound: 50 },
  cpuOverEcho: { op: "<=", bound: 4 },
};

/** Every figure of the measured contenders; ratios and targets for those that were there. */
export function pipelineFigures(measured: ReadonlyMap<string, readonly RelayMeasurement[]>): Figure[] {
  const label = { suite: "pipeline", case: CASE };
  const throughputs = (name: string) => measured.get(name)?.map(({ throughput }) => throughput);
  const cpuTimes = (name: string) => {
    const times = measured.get(name)?.flatMap(({ cpuMicros }) => cpuMicros ?? []);
    return times && times.length > 0 ? times : undefined;
  };
  const figures: Figure[] = [];
  for (const contender of measured.keys()) {
    const throughput = throughputs(contender);
    if (throughput) figures.push(figureOf({ ...label, contender, metric: "throughput", unit: "msg/s" }, throughput));
    const cpu = cpuTimes(contender);
    if (cpu) figures.push(figureOf({ ...label, contender, metric: "cpu", unit: "us/msg" }, cpu));
  }
  const addRatio = (peer: string, kind: "throughput" | "cpu", target?: Target) => {
    const values = kind === "throughput" ? throughputs : cpuTimes;
    const ours = values("redoubt");
    const theirs = values(peer);
    if (!ours || !theirs) return;
    const metric = `${kind}-over-${peer}`;
    figures.push(
      figureOf(
        { ...label, contender: "redoubt", metric, unit: "ratio", ...(target ? { target } : {}) },
        pairedRatios(ours, theirs),
      ),
    );
  };
  addRatio("seed-style", "throughput", TARGETS.throughputOverSeedStyle);
  addRatio("seed-style", "cpu");
  addRatio("echo", "throughput");
  addRatio("echo", "cpu", TARGETS.cpuOverEcho);
  return figures;
}
