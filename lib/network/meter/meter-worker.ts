// Thread that meters a capture file or an interface; started by meter-thread.
import { performance } from "node:perf_hooks";
import { parentPort, workerData } from "node:worker_threads";
import { Rejection } from "../../common/rejection.js";
import { readCaptureFile } from "../capture/file.js";
import { CaptureReader } from "../capture/reader.js";
import { detectorObservers } from "./detectors.js";
import { FlowOutbox } from "./flow-outbox.js";
import { LiveMeter } from "./live-meter.js";
import type { MeterJob, MeterReport } from "./meter-job.js";
import { NetworkMeter } from "./network-meter.js";

const COUNTERS_MS = 1000;

const { source, flows, detectors, flowsPerSecond } = workerData as MeterJob;
const isLive = source.kind === "live";
const sleeper = new Int32Array(new SharedArrayBuffer(4));

function report(message: MeterReport): void {
  parentPort?.postMessage(message);
}

const now = () => performance.now();
const outbox = new FlowOutbox({
  perSecond: flowsPerSecond,
  send: (records) => report({ type: "flows", flows: records }),
  now,
  // Nobody waits for this thread: it may sleep where the packets can wait.
  ...(isLive ? {} : { pause: (milliseconds: number) => Atomics.wait(sleeper, 0, 0, milliseconds) }),
});
const meter = new NetworkMeter({
  onFlow: (record) => outbox.add(record),
  onAlert: (alert) => report({ type: "alert", alert }),
  flows,
  observers: detectorObservers(detectors),
});
let live: LiveMeter | undefined;
let countedAt = Number.NEGATIVE_INFINITY;

function reportCounters(): void {
  const dropped = live ? live.dropped : meter.captured.dropped;
  report({ type: "counters", counters: { ...meter.counters(), dropped, unsentFlows: outbox.unsent } });
}

function beat(): void {
  outbox.flush();
  if (now() - countedAt < COUNTERS_MS) return;
  countedAt = now();
  reportCounters();
}

async function run(): Promise<void> {
  if (source.kind === "live") {
    live = new LiveMeter(meter, source.live, {
      capturing: () => report({ type: "capturing" }),
      lost: (reason, retryMs) => report({ type: "lost", reason, retryMs }),
      beat,
    });
    await live.run();
    return;
  }
  report({ type: "capturing" });
  try {
    if (source.kind === "file") {
      await readCaptureFile(source.path, (packet) => meter.packet(packet), {
        counters: meter.captured,
        onProgress: beat,
      });
    } else {
      const reader = new CaptureReader((packet) => meter.packet(packet), meter.captured);
      reader.push(Buffer.from(source.bytes.buffer, source.bytes.byteOffset, source.bytes.byteLength));
      reader.end();
    }
  } finally {
    meter.end();
  }
}

parentPort?.on("message", () => void live?.stop());
run()
  .then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof Rejection) return { code: error.code, reason: error.reason };
      throw error;
    },
  )
  .then((rejected) => {
    outbox.flush();
    reportCounters();
    report({ type: "ended", ...(rejected ? { rejected } : {}) });
    parentPort?.close();
  });
