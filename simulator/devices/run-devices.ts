import type { MqttClient } from "mqtt";
import type { AccountBook } from "../common/accounts.js";
import { closeAll, connectAll } from "../common/mqtt-link.js";
import type { CommandCounts } from "./command-inbox.js";
import { GatewayDeviceClient } from "./device-client.js";
import { DeviceCrypto } from "./device-crypto.js";
import { Flash } from "./flash.js";
import type { GatewayDevice } from "./gateway-device.js";
import type { GatewayTruth } from "./truth.js";

export interface DevicesConnection {
  url: string;
  /** Asked for every device's name. */
  accounts: AccountBook;
  /** 32 bytes. */
  fleetKey: Buffer;
  epochOf: (id: string) => number;
  /** Folder of the devices' files. */
  flashFolder: string;
  /** Readings a second of each device. */
  rateHz: number;
  truth: GatewayTruth;
  /** One line about a lost or regained connection. */
  onLine?: (line: string) => void;
  onCommand?: (device: string, command: string) => void;
}

/** Honest devices that are connected. */
export class ConnectedDevices {
  constructor(
    private readonly devices: readonly GatewayDeviceClient[],
    private readonly clients: readonly MqttClient[],
  ) {}

  get commands(): CommandCounts {
    const counts = { opened: 0, refused: 0 };
    for (const { inbox } of this.devices) {
      counts.opened += inbox.counts.opened;
      counts.refused += inbox.counts.refused;
    }
    return counts;
  }

  start(): void {
    for (const device of this.devices) device.start();
  }

  /** Ends the readings; connections and commands stay. */
  stop(): void {
    for (const device of this.devices) device.stop();
  }

  async close(): Promise<void> {
    this.stop();
    await closeAll(this.clients);
  }
}

/**
 * Connects the devices, each as a client of its own; they are silent until started.
 *
 * @throws {Error} with one line when the broker cannot be reached or refuses an account.
 */
export async function connectGatewayDevices(
  fleet: readonly GatewayDevice[],
  options: DevicesConnection,
): Promise<ConnectedDevices> {
  const { url, accounts, fleetKey, epochOf, flashFolder, rateHz, truth, onLine = () => {}, onCommand } = options;
  const flashes = fleet.map(({ id }) => new Flash(flashFolder, id));
  const clients = await connectAll(
    url,
    fleet.map(({ id }) => ({ name: id, account: accounts(id) })),
    onLine,
  );
  const devices = clients.map((client, index) => {
    const device = fleet[index] as GatewayDevice;
    const crypto = DeviceCrypto.of(device, fleetKey, epochOf(device.id));
    const flash = flashes[index] as Flash;
    return new GatewayDeviceClient({
      ...{ device, crypto, flash, client, truth, rateHz },
      ...(onCommand && { onCommand }),
    });
  });
  try {
    await Promise.all(devices.map((device) => device.listen()));
  } catch (error) {
    await closeAll(clients);
    throw error;
  }
  return new ConnectedDevices(devices, clients);
}
