// Run by occupancy-kill.ts: ingests sessions in groups of changing size and prints the numbers of each group when it is
// acknowledged, until it is killed. What it has printed must not be lost.
import { OccupancyStore } from "../../lib/occupancy/occupancy-store.js";
import { MASTER } from "./occupancy.js";
import { numberedSession } from "./occupancy-kill.js";
import { say } from "./say.js";

const [settings, journalPath, first] = process.argv.slice(2) as [string, string, string];

async function main(): Promise<void> {
  const store = OccupancyStore.open({
    store: JSON.parse(settings),
    masters: [MASTER],
    ...(journalPath === "" ? {} : { journalPath }),
    ingest: { batchSize: 50, batchMs: 1 },
  });
  for (let n = Number(first), round = 0; ; round++) {
    const size = 1 + (round % 40);
    await store.ingest(Array.from({ length: size }, (_, i) => numberedSession(n + i)));
    say(`${n} ${n + size}`);
    n += size;
  }
}

void main();
