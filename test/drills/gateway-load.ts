import assert from "node:assert/strict";
import { findMosquitto } from "../support/brokers.js";
import { gatewayLoad, type Latency } from "../support/gateway-load.js";
import type { Drill } from "./drill.js";

const DEVICES = 1000;
const RATE_HZ = 1;
const DURATION_SEC = 600;
const REDUCED_DURATION_SEC = 20;
const P99_MS = 100;
const WORST_SPELLS = 3;
const GROWTH = 1.2;
/** The machine must really have sent what was asked for. */
const LEAST_RATE = 0.97;

/** When messages were late: what holds a machine up for a moment shows as a few spells, a gateway too slow as many. */
function spellsOf({ spells }: Latency): string {
  const late = spells.reduce((sum, spell) => sum + spell.late, 0);
  const worst = [...spells].sort((a, b) => b.late - a.late).slice(0, WORST_SPELLS);
  const when = worst.map((spell) => `${spell.late} at ${spell.atSec.toFixed(0)} s`).join(", ");
  return `${late} above ${P99_MS} ms in ${spells.length} spells${when === "" ? "" : `, the worst ${when}`}`;
}

export const gatewayLoadDrill: Drill = {
  name: "gateway-load",
  summary: `${DEVICES * RATE_HZ} messages/s for ${DURATION_SEC} s (${REDUCED_DURATION_SEC}) through the shipped flows: 0 lost, p99 < ${P99_MS} ms, memory flat`,
  async run({ reduced, seed, progress }) {
    if (!findMosquitto()) throw new Error("Mosquitto is not installed (apt-get install mosquitto)");
    const { latency, memory, rate, acknowledged, accepted, processorMs, ledgerEntries, stolen } = await gatewayLoad({
      ...{ devices: DEVICES, rateHz: RATE_HZ, seed, lateMs: P99_MS, onProgress: progress },
      // The short run judges no time, and its process may go on with other drills.
      ownProcess: !reduced,
      durationSec: reduced ? REDUCED_DURATION_SEC : DURATION_SEC,
    });
    const growth = memory.lastMiB / memory.firstMiB;
    const figures =
      `${acknowledged} acknowledged, ${accepted} at the server, 0 lost, ${rate.toFixed(0)} messages/s; ` +
      `to the spool: median ${latency.medianMs.toFixed(1)} ms, p90 ${latency.p90Ms.toFixed(1)} ms, ` +
      `p99 ${latency.p99Ms.toFixed(1)} ms, max ${latency.maxMs.toFixed(0)} ms of ${latency.samples}; ` +
      `${spellsOf(latency)}; ${(100 * stolen).toFixed(1)} % of the processors' time taken by the host; ` +
      `memory ${memory.firstMiB.toFixed(0)} to ${memory.lastMiB.toFixed(0)} MiB (${growth.toFixed(2)}); ` +
      `${processorMs.toFixed(2)} ms of processor time each; ${ledgerEntries} ledger entries`;
    assert.ok(latency.samples > 0, "messages were timed");
    // A short run measures the start of the processes, and a machine for tests what else it does.
    if (!reduced) {
      assert.ok(rate >= DEVICES * RATE_HZ * LEAST_RATE, `too slow a sender: ${figures}`);
      assert.ok(latency.p99Ms < P99_MS, `p99: ${figures}`);
      assert.ok(growth < GROWTH, `memory: ${figures}`);
    }
    return figures;
  },
};
