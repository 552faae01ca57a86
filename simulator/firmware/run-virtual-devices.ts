import { join } from "node:path";
import { deviceKey } from "../../lib/registry/device-key.js";
import { provisioningRecord } from "../../lib/registry/provisioning-record.js";
import type { AccountBook } from "../common/accounts.js";
import type { GatewayDevice } from "../devices/gateway-device.js";
import { VirtualDevice, type VirtualDeviceStatus } from "./virtual-device.js";

export interface VirtualFleetOptions {
  /** See `buildFirmware`. */
  program: string;
  /** `mqtts://host:port`; `mqtt://127.0.0.1:port` without TLS. */
  broker: string;
  /** PEM text; needed for `mqtts:`. */
  authority?: string;
  /** Asked for every device's name. */
  accounts: AccountBook;
  /** 32 bytes. */
  fleetKey: Buffer;
  epochOf: (id: string) => number;
  /** Folder of the devices' flash folders. */
  flashFolder: string;
  /** Readings a second of each device. */
  rateHz: number;
  /** What a device says, but for answers to questions of this program. */
  onLine?: (device: string, line: string) => void;
}

/** Of all devices together, since their starts. */
export type VirtualFleetTotals = Omit<VirtualDeviceStatus, "isConnected"> & { connected: number };

/** How many are started at once: each one shakes hands, which costs processor time. */
const TOGETHER = 8;
/** Lines that say what happened to a device. */
const TOLD = /^(command|setup|update|mqtt)\b/;

/** Devices with the firmware, each in a process of its own with a flash of its own. */
export class VirtualFleet {
  private constructor(private readonly devices: readonly VirtualDevice[]) {}

  /**
   * Starts them and gives each its key by its serial line, as a person would.
   *
   * @throws {Error} with one line where one of them cannot be started or refuses its set-up; none is left running.
   */
  static async start(fleet: readonly GatewayDevice[], options: VirtualFleetOptions): Promise<VirtualFleet> {
    const devices = fleet.map(
      ({ id, seed }) =>
        new VirtualDevice({
          ...{ program: options.program, flash: join(options.flashFolder, id), seed },
          onLine: (line) => {
            if (TOLD.test(line)) options.onLine?.(id, line);
          },
        }),
    );
    const virtual = new VirtualFleet(devices);
    try {
      for (let from = 0; from < fleet.length; from += TOGETHER) {
        const part = fleet.slice(from, from + TOGETHER);
        await Promise.all(part.map((device, i) => devices[from + i]?.setUp(setupOf(device, options))));
      }
      return virtual;
    } catch (error) {
      await virtual.stop();
      throw error;
    }
  }

  /** Devices whose process ended by itself. */
  get ended(): number {
    return this.devices.filter(({ isRunning }) => !isRunning).length;
  }

  async totals(): Promise<VirtualFleetTotals> {
    await Promise.all(this.devices.map((device) => device.askStatus()));
    const sums = { connected: 0, delivered: 0, waiting: 0, dropped: 0, unsealed: 0, accepted: 0, refused: 0 };
    for (const { status } of this.devices) {
      const { isConnected, ...counts } = status;
      if (isConnected) sums.connected++;
      for (const [name, count] of Object.entries(counts)) sums[name as keyof typeof counts] += count;
    }
    return sums;
  }

  async stop(): Promise<void> {
    await Promise.all(this.devices.map((device) => device.stop()));
  }
}

function setupOf(device: GatewayDevice, options: VirtualFleetOptions) {
  const { broker, authority, rateHz, accounts, fleetKey, epochOf } = options;
  const account = accounts(device.id);
  if (account && account.username !== device.id) {
    throw new Error(`the firmware logs in as its device: "${device.id}" needs an account of this name`);
  }
  const epoch = epochOf(device.id);
  const key = deviceKey(fleetKey, "cose-a128gcm", device.id, epoch);
  return {
    ...{ broker, periodMs: Math.round(1000 / rateHz) },
    ...(authority !== undefined && { authority }),
    record: provisioningRecord({ device: device.id, epoch, key, ...(account && { password: account.password }) }),
  };
}
