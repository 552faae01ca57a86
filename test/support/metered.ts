import type { FlowRecord, NetworkAlert, NetworkCounters } from "../../lib/common/network.js";
import { CaptureReader } from "../../lib/network/capture/reader.js";
import { detectorObservers } from "../../lib/network/meter/detectors.js";
import { NetworkMeter } from "../../lib/network/meter/network-meter.js";

export interface Metered {
  flows: FlowRecord[];
  alerts: NetworkAlert[];
  counters: NetworkCounters;
}

/** What the meter and the detectors, with their defaults, make of the bytes of a capture. */
export function meterBytes(bytes: Buffer): Metered {
  const flows: FlowRecord[] = [];
  const alerts: NetworkAlert[] = [];
  const meter = new NetworkMeter({
    onFlow: (flow) => flows.push(flow),
    onAlert: (alert) => alerts.push(alert),
    observers: detectorObservers({}),
  });
  const reader = new CaptureReader((packet) => meter.packet(packet), meter.captured);
  reader.push(bytes);
  reader.end();
  meter.end();
  return { flows, alerts, counters: meter.counters() };
}
