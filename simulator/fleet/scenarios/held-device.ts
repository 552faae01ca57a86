import { REPORTED_RATE } from "../attack-settings.js";
import type { DeviceClient } from "../device-client.js";
import { paced } from "../pace.js";
import { type Attack, type AttackContext, forgedClimate, labelOf, stopAll } from "./context.js";

/** A device's own jitter. */
const JITTER = 0.1;

/** An authentic message of a device that the attacker holds: sealed with its own key, on its own topic. */
function sendForged(context: AttackContext, device: DeviceClient): void {
  const now = Date.now();
  const climate = forgedClimate(context, device.state.read(now));
  const payload = device.state.payload(now, climate, REPORTED_RATE);
  const reported = { temperature: climate.temperature, humidity: climate.humidity, rate: REPORTED_RATE };
  device.publisher.send(device.topic, device.sealer.sealJson(payload, device.topic, now), labelOf(context, reported));
}

/** Every held device sends forged values at the scenario's rate. */
export const forgeValues: Attack = (context) => {
  const { held, settings, random } = context;
  for (const device of held) device.stop();
  return stopAll(
    held.map((device) => paced({ rateHz: settings.rateHz, jitter: JITTER }, random, () => sendForged(context, device))),
  );
};

const BURST_MS = 2000;
const BURST_EVERY_MS = 4000;

/** Bursts of two seconds with pauses, at the scenario's rate, with ordinary values; none is cut short by the end. */
export const burst: Attack = (context) => {
  const { held, settings, random, durationSec } = context;
  for (const device of held) device.stop();
  let stopBurst = () => {};
  let timer: NodeJS.Timeout | undefined;
  const start = (elapsedMs: number) => {
    stopBurst = stopAll(
      held.map((device) => paced({ rateHz: settings.rateHz, jitter: 0 }, random, () => sendForged(context, device))),
    );
    timer = setTimeout(() => {
      stopBurst();
      const next = elapsedMs + BURST_EVERY_MS;
      if (next + BURST_MS <= durationSec * 1000) timer = setTimeout(() => start(next), BURST_EVERY_MS - BURST_MS);
    }, BURST_MS);
  };
  start(0);
  return () => {
    clearTimeout(timer);
    stopBurst();
  };
};

/** Share of the window in which the drift grows; then it stays. */
const RAMP_SHARE = 0.55;
/** How far it goes: standard deviations of the trained temperatures. */
const DRIFT_SD = 3.3;

/** A held device that reads more and more too much, until it is well beyond three trained standard deviations. */
export const slowDrift: Attack = ({ held, trained, durationSec, episode }) => {
  const begin = Date.now();
  for (const device of held) {
    const target = trained.meanC + DRIFT_SD * trained.sdC - device.state.trueC(begin);
    const rampMs = durationSec * RAMP_SHARE * 1000;
    device.driftBy({ episode, offsetK: (atMs) => target * Math.min(1, Math.max(0, (atMs - begin) / rampMs)) });
  }
  return () => {
    for (const device of held) {
      device.stop();
      device.driftBy(undefined);
    }
  };
};
