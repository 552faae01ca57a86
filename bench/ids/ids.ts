import { join } from "node:path";
import { type Figure, figureOf } from "../harness/figure.js";
import { scratchFolder } from "../harness/leftovers.js";
import { interleave } from "../harness/rounds.js";
import { pairedRatios } from "../harness/statistics.js";
import type { Suite, SuiteOptions, SuiteResult } from "../harness/suite.js";
import { meter, peers, reading, TSHARK_MISSING } from "./readers.js";
import { writeTraffic } from "./traffic.js";

const PACKETS = 300_000;
const TARGET = { op: ">=", bound: 1 } as const;

function figures(measured: ReadonlyMap<string, number[]>): Figure[] {
  const label = { suite: "ids", case: "tcp" };
  const list: Figure[] = [];
  for (const [contender, rates] of measured) {
    list.push(figureOf({ ...label, contender, metric: "throughput", unit: "packets/s" }, rates));
  }
  const ours = measured.get(meter.name) ?? [];
  for (const [peer, rates] of measured) {
    if (peer === meter.name) continue;
    const ratio = { ...label, contender: meter.name, metric: `throughput-over-${peer}`, unit: "ratio", target: TARGET };
    list.push(figureOf(ratio, pairedRatios(ours, rates)));
  }
  return list;
}

async function run({ rounds, messages = PACKETS, onProgress }: SuiteOptions): Promise<SuiteResult> {
  const others = peers();
  const scratch = scratchFolder();
  try {
    const path = join(scratch.path, "traffic.pcap");
    const traffic = writeTraffic(path, messages);
    const contenders = [meter, ...others].map((program) => reading(program, path, traffic));
    const measured = await interleave(contenders, rounds, onProgress);
    const notes = [`a capture of ${traffic.packets} packets in ${traffic.connections} TCP connections, read whole`];
    if (others.length === 0) notes.push(TSHARK_MISSING);
    return { figures: figures(measured), notes };
  } finally {
    scratch.remove();
  }
}

/** How fast captures are metered, beside tshark's list of conversations. */
export const ids: Suite = {
  name: "ids",
  description: "packets per second of a capture file, metered by the flow meter and listed by tshark",
  rounds: 5,
  run,
};
