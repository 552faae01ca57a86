import assert from "node:assert/strict";
import { findMosquitto } from "../support/brokers.js";
import { gatewayLoad } from "../support/gateway-load.js";
import type { Drill } from "./drill.js";

const DEVICES = 1000;
const RATE_HZ = 1;
const DURATION_SEC = 600;
const REDUCED_DURATION_SEC = 20;
const P99_MS = 100;
const GROWTH = 1.2;
/** The machine must really have sent what was asked for. */
const LEAST_RATE = 0.97;

export const gatewayLoadDrill: Drill = {
  name: "gateway-load",
  summary: `${DEVICES * RATE_HZ} messages/s for ${DURATION_SEC} s (${REDUCED_DURATION_SEC}) through the shipped flows: 0 lost, p99 < ${P99_MS} ms, memory flat`,
  async run({ reduced, seed, progress }) {
    if (!findMosquitto()) throw new Error("Mosquitto is not installed (apt-get install mosquitto)");
    const { latency, memory, rate, acknowledged, accepted, processorMs, ledgerEntries } = await gatewayLoad({
      ...{ devices: DEVICES, rateHz: RATE_HZ, seed, onProgress: progress },
      durationSec: reduced ? REDUCED_DURATION_SEC : DURATION_SEC,
    });
    const growth = memory.lastMiB / memory.firstMiB;
    const figures =
      `${acknowledged} acknowledged, ${accepted} at the server, 0 lost, ${rate.toFixed(0)} messages/s; ` +
      `to the spool: median ${latency.medianMs.toFixed(1)} ms, p99 ${latency.p99Ms.toFixed(1)} ms, ` +
      `max ${latency.maxMs.toFixed(0)} ms of ${latency.samples}; ` +
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
