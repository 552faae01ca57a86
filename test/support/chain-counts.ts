import assert from "node:assert/strict";
import { Contract, JsonRpcProvider } from "ethers";
import { anchorArtifact } from "../../lib/anchor/artifact.js";
import { deviceIdOf } from "../../lib/anchor/identity.js";
import type { LedgerEntry } from "../../lib/ledger/entry.js";

export interface DeviceCounts {
  alerts: number;
  anomalies: number;
  losses: number;
  credits: number;
}

const none = (): DeviceCounts => ({ alerts: 0, anomalies: 0, losses: 0, credits: 0 });
const COUNTERS = { SECURITY_ALERT: "alerts", ANOMALY: "anomalies", HEARTBEAT_LOST: "losses" } as const;

/** What a log says, counted entry by entry. */
export function logCounts(entries: readonly LedgerEntry[]) {
  const devices = new Map<string, DeviceCounts>();
  const incidents: number[] = [];
  let clamps = 0;
  for (const { index, data } of entries) {
    if (data?.kind === "incident") incidents.push(index);
    if (data?.kind === "clamp") clamps++;
    for (const { device, event, authenticated } of data?.evidence ?? []) {
      if (!authenticated) continue;
      const counts = devices.get(device) ?? none();
      devices.set(device, counts);
      if (event in COUNTERS) counts[COUNTERS[event as keyof typeof COUNTERS]]++;
    }
    for (const { device, rule, previous, score } of data?.trust ?? []) {
      const counts = devices.get(device);
      if (counts && previous !== null && !(rule in COUNTERS) && score > previous) counts.credits += score - previous;
    }
  }
  return { devices, incidents, clamps };
}

/** What a chain says, counted event by event from its first block; every root and every step is checked. */
export async function chainCounts(
  url: string,
  address: string,
  lane: string,
  names: readonly string[],
  rootAt: (size: number) => string,
) {
  const provider = new JsonRpcProvider(url, undefined, { cacheTimeout: -1 });
  try {
    const contract = new Contract(address, anchorArtifact().abi, provider);
    const values = async (name: string) => {
      const logs = await provider.getLogs({
        address,
        fromBlock: 0,
        topics: [contract.getEvent(name).fragment.topicHash],
      });
      return logs.map((log) => ({
        transaction: log.transactionHash,
        args: contract.interface.parseLog(log)?.args ?? [],
      }));
    };
    let size = 0;
    let gas = 0;
    const anchored = await values("Anchored");
    for (const { args, transaction } of anchored) {
      const [, newSize, oldSize, root] = args as unknown as [string, bigint, bigint, string];
      assert.equal(Number(oldSize), size, "anchors follow one another");
      size = Number(newSize);
      assert.equal(root, `0x${rootAt(size)}`, `root of size ${size}`);
      gas += Number((await provider.getTransactionReceipt(transaction))?.gasUsed ?? 0n);
    }
    const byId = new Map(names.map((name) => [deviceIdOf(lane, name), name]));
    const devices = new Map<string, DeviceCounts & { trust: number }>();
    for (const name of names) {
      const device = (await contract.getFunction("devices").staticCall(deviceIdOf(lane, name))) as { trust: bigint };
      devices.set(name, { ...none(), trust: Number(device.trust) });
    }
    for (const { args } of await values("TrustChanged")) {
      const [id, , , credits, alerts, anomalies, losses] = args as unknown as [string, string, ...bigint[]];
      const counts = devices.get(byId.get(id) ?? "");
      assert.ok(counts, `a device that the log does not know: ${id}`);
      counts.credits += Number(credits);
      counts.alerts += Number(alerts);
      counts.anomalies += Number(anomalies);
      counts.losses += Number(losses);
    }
    const incidents = (await values("IncidentRecorded")).map(({ args }) => Number((args as unknown as bigint[])[2]));
    return { size, anchors: anchored.length, gas, devices, incidents };
  } finally {
    provider.destroy();
  }
}
