import type { Baseline, DeviceProfile } from "../../lib/anomaly/baseline/baseline.js";
import type { Service } from "../../lib/anomaly/baseline/service.js";
import type { Heard } from "./learn.js";

/** What `redoubt train baseline` prints. */
export interface BaselineReport {
  out: string;
  name: string;
  packets: number;
  flows: number;
  /** Flows that belonged to alerts. */
  leftOut: number;
  from: number;
  to: number;
  devices: { id: string; flows: number; services: string[] }[];
  heldOut: number;
  /** Held-out flows that would have been called unusual, and that had a peer or port new to the rest. */
  unusual: number;
  unexpected: number;
  /** Share of ordinary flows that are called unusual at most. */
  falseAlarmRate: number;
  attacks: string[];
}

const DEVICES_SHOWN = 30;
const SERVICES_SHOWN = 6;

function serviceText({ protocol, low, high, peers }: Service): string {
  const ports = protocol === "icmp" ? `type ${low}` : low === high ? `port ${low}` : `ports ${low}-${high}`;
  return `${protocol} ${ports} to ${peers.join(", ")}`;
}

export function reportOf(baseline: Baseline, heard: Heard, out: string): BaselineReport {
  const { name, flows, leftOut, from, to, calibration } = baseline;
  const device = ({ id, flows, services }: DeviceProfile) => ({ id, flows, services: services.map(serviceText) });
  return {
    out,
    name,
    packets: heard.packets,
    flows,
    leftOut,
    from,
    to,
    devices: baseline.devices.map(device),
    heldOut: calibration.heldOut,
    unusual: calibration.unusual,
    unexpected: calibration.unexpected,
    falseAlarmRate: calibration.promised,
    attacks: heard.attacks.map(
      ({ kind, source, target }) =>
        `${kind} by ${source.address || source.mac || "forged addresses"} against ${target?.address ?? "many"}`,
    ),
  };
}

/** The report as lines for people. */
export function describeBaseline(report: BaselineReport): string[] {
  const { devices, flows, packets, leftOut, from, to, heldOut, unusual, unexpected, falseAlarmRate } = report;
  const hours = ((to - from) / 3600).toFixed(1);
  const lines = [
    `${flows} flows of ${devices.length} devices learnt from ${packets} packets over ${hours} h; ${leftOut} flows left out, as they belonged to alerts`,
    ...report.attacks.map((attack) => `not learnt: ${attack}`),
  ];
  for (const { id, flows, services } of devices.slice(0, DEVICES_SHOWN)) {
    lines.push(`${id}: ${flows} flows`);
    for (const service of services.slice(0, SERVICES_SHOWN)) lines.push(`  ${service}`);
    if (services.length > SERVICES_SHOWN) lines.push(`  and ${services.length - SERVICES_SHOWN} more`);
  }
  if (devices.length > DEVICES_SHOWN) lines.push(`and ${devices.length - DEVICES_SHOWN} more devices`);
  const oneIn = Math.round(1 / falseAlarmRate);
  lines.push(
    `of ${heldOut} flows held out, ${unusual} would have been called unusual and ${unexpected} had a peer or port that the others had not`,
    `at most 1 in ${oneIn} ordinary flows is called unusual${heldOut < 9999 ? "; longer learning promises less" : ""}`,
    `written to ${report.out}`,
  );
  return lines;
}
