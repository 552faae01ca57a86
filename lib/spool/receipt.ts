import type { TrustEvidence } from "../common/trust.js";
import type { Batch } from "./batch.js";
import type { OutboundRecord } from "./outbound-record.js";

/** One device's share of a batch. */
export interface DeviceShare {
  device: string;
  records: number;
  attacks: number;
  /** Whether every one of its records was sealed with its own key. */
  authenticated: boolean;
  /** Of its last record that has them. */
  epoch: number | null;
  counter: number | null;
}

/** A batch that the server has taken over. */
export interface BatchReceipt {
  batch_id: string;
  /** SHA-256 of its records, 64 hex digits. */
  batch_hash: string;
  size: number;
  /** Records that a detector called an anomaly or an attack. */
  attacks: number;
  devices: DeviceShare[];
}

/** Sums up a batch by device, in the order of their first records. */
export function receiptOf({ batchId, batchHash, size }: Batch, records: readonly OutboundRecord[]): BatchReceipt {
  const devices = new Map<string, DeviceShare>();
  for (const { device_id, is_attack, authenticated, epoch, counter } of records) {
    const share = devices.get(device_id) ?? {
      device: device_id,
      records: 0,
      attacks: 0,
      authenticated: true,
      epoch: null,
      counter: null,
    };
    devices.set(device_id, share);
    share.records++;
    if (is_attack) share.attacks++;
    if (!authenticated) share.authenticated = false;
    if (epoch !== null && counter !== null) Object.assign(share, { epoch, counter });
  }
  const shares = [...devices.values()];
  return {
    batch_id: batchId,
    batch_hash: batchHash,
    size,
    attacks: shares.reduce((sum, { attacks }) => sum + attacks, 0),
    devices: shares,
  };
}

/** What a receipt says about each device; a batch that held attacks earns the attacker nothing. */
export function receiptEvidence({ devices }: BatchReceipt): TrustEvidence[] {
  return devices.map(({ device, authenticated, attacks }) => ({
    device,
    event: "BATCH_RECEIPT",
    authenticated,
    attacks,
  }));
}
