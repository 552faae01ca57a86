import { SeededRandom } from "../../lib/common/seeded-random.js";
import { topicOf } from "../../lib/registry/topics.js";
import type { GatewayDevice } from "../devices/gateway-device.js";

export interface FirmwareFleetOptions {
  devices: number;
  seed: number;
  prefix?: string;
}

/** A record's device names have 26 characters, of which `node-001` needs eight. */
export const MAX_FIRMWARE_PREFIX = 18;

/** Virtual devices with the firmware; more of them do not change the first ones. */
export function makeFirmwareFleet({ devices, seed, prefix = "" }: FirmwareFleetOptions): GatewayDevice[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: devices }, (_, index) => {
    const id = `${prefix}node-${String(index + 1).padStart(3, "0")}`;
    return {
      ...{ id, profile: "cose-a128gcm", form: "flat", kind: "environment", hasClock: true },
      ...{ topic: topicOf(id), commandTopic: `iot/devices/${id}/cmd`, seed: random.uint32() },
    };
  });
}
