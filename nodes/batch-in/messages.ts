import type { NodeMessage } from "node-red";
import type { DeviceInfo } from "../../lib/common/message.js";
import type { StoredBatch } from "../../lib/spool/batch-store.js";
import type { OutboundRecord } from "../../lib/spool/outbound-record.js";

/** `msg.batch`: where records come from. */
export interface BatchInfo {
  gateway_id: string;
  batch_id: string;
  /** SHA-256 of the records as they were sent, 64 hex digits. */
  batch_hash: string;
  /** Records in the batch, and those that had come before. */
  size: number;
  duplicates: number;
}

function deviceOf({ device_id, epoch, counter, authenticated, profile, received_at }: OutboundRecord): DeviceInfo {
  return {
    id: device_id,
    ...(epoch === null ? {} : { epoch }),
    ...(counter === null ? {} : { counter }),
    authenticated,
    profile,
    receivedAt: received_at,
  };
}

/**
 * What goes on of a batch: one message with all new records, or one for each, as decrypt and verify would send it.
 * What the gateway's detector said is `msg.reported`, since the server scores for itself.
 */
export function messagesOf({ gatewayId, batchId, batchHash, size, duplicates, records }: StoredBatch, split: boolean) {
  const batch: BatchInfo = { gateway_id: gatewayId, batch_id: batchId, batch_hash: batchHash, size, duplicates };
  if (!split) return [{ payload: records, batch } as unknown as NodeMessage];
  return records.map((record) => {
    const { payload, anomaly, is_attack } = record;
    const reported = { ...(anomaly ? { anomaly } : {}), isAttack: is_attack };
    return { payload, device: deviceOf(record), reported, batch } as unknown as NodeMessage;
  });
}
