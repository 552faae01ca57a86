import type { BaselineLearner } from "../../lib/anomaly/baseline/learner.js";
import type { NetworkAlert } from "../../lib/common/network.js";
import { CaptureFailure } from "../../lib/network/capture/capture-failure.js";
import { CaptureCounters } from "../../lib/network/capture/counters.js";
import { LiveCapture } from "../../lib/network/capture/live.js";
import { type DetectorSettings, detectorObservers } from "../../lib/network/meter/detectors.js";
import { NetworkMeter } from "../../lib/network/meter/network-meter.js";
import { checkCapture, readOnce } from "../detect/capture-pass.js";
import { CommandFailure } from "../failure.js";
import { ProgressBar } from "../progress.js";

export interface Heard {
  packets: number;
  /** What the detectors found, once each. */
  attacks: NetworkAlert[];
}

const TICK_MS = 200;

function meterFor(learner: BaselineLearner, detectors: DetectorSettings, heard: Heard): NetworkMeter {
  return new NetworkMeter({
    onFlow: (flow) => learner.flow(flow),
    onAlert: (alert) => {
      if (alert.phase === "began") heard.attacks.push(alert);
      learner.alert(alert);
    },
    flows: { interim: 0 },
    observers: detectorObservers(detectors),
  });
}

/** Learns from capture files, one after the other. @throws {CommandFailure} for one that cannot be read. */
export async function learnFromFiles(
  learner: BaselineLearner,
  paths: readonly string[],
  detectors: DetectorSettings,
): Promise<Heard> {
  for (const path of paths) checkCapture(path);
  const heard: Heard = { packets: 0, attacks: [] };
  for (const path of paths) {
    const meter = meterFor(learner, detectors, heard);
    const { captured, damage } = await readOnce({
      path,
      label: "learning",
      signal: new AbortController().signal,
      onPacket: (packet) => meter.packet(packet),
    });
    meter.end();
    heard.packets += captured.packets;
    if (damage) console.error(`redoubt: ${path}: ${damage}: only what comes before was learnt`);
  }
  return heard;
}

/**
 * Learns live for some seconds, or until Ctrl-C.
 *
 * @throws {CommandFailure} that says why nothing can be captured; a Rejection for a name that is no interface.
 */
export async function learnLive(
  learner: BaselineLearner,
  name: string,
  duration: number,
  detectors: DetectorSettings,
): Promise<Heard> {
  const heard: Heard = { packets: 0, attacks: [] };
  const meter = meterFor(learner, detectors, heard);
  const counters = new CaptureCounters();
  const capture = new LiveCapture({ interface: name }, (packet) => meter.packet(packet), counters);
  try {
    await capture.started();
    await Promise.race([passing(duration), capture.ended]);
  } catch (error) {
    if (error instanceof CaptureFailure) throw new CommandFailure(error.message);
    throw error;
  } finally {
    await capture.stop();
  }
  meter.end();
  heard.packets = counters.packets;
  return heard;
}

/** Resolves after so many seconds, or when the user has had enough. */
async function passing(seconds: number): Promise<void> {
  const bar = new ProgressBar("learning", seconds);
  const end = Date.now() + seconds * 1000;
  let stop = () => {};
  await new Promise<void>((resolve) => {
    stop = resolve;
    process.once("SIGINT", stop);
    const timer = setInterval(() => {
      const left = (end - Date.now()) / 1000;
      bar.update(Math.max(0, seconds - left));
      if (left > 0 && process.listeners("SIGINT").includes(stop)) return;
      clearInterval(timer);
      resolve();
    }, TICK_MS);
  });
  process.off("SIGINT", stop);
  bar.finish();
}
