import type { AccountBook } from "../common/accounts.js";
import { closeAll, connectAll } from "../common/mqtt-link.js";
import type { RunningSimulation } from "../common/running.js";
import { DeviceState, type FleetDevice } from "./device.js";
import { DeviceClient } from "./device-client.js";
import { Publisher } from "./publisher.js";
import { sealerOf } from "./sealer.js";
import { Truth, type TruthOptions } from "./truth.js";

export interface FleetConnection {
  url: string;
  /** Asked for every device's name. */
  accounts: AccountBook;
  /** 32 bytes. */
  fleetKey: Buffer;
  /** Readings a second of each device. */
  rateHz: number;
  /** One line about a lost or regained connection. */
  onLine?: (line: string) => void;
}

/**
 * Connects devices, each as a client of its own; they are silent until started.
 *
 * @throws {Error} with one line when the broker cannot be reached or refuses an account.
 */
export async function connectDevices(
  devices: readonly FleetDevice[],
  truth: Truth,
  { url, accounts, fleetKey, rateHz, onLine = () => {} }: FleetConnection,
): Promise<DeviceClient[]> {
  const named = devices.map(({ id }) => ({ name: id, account: accounts(id) }));
  const clients = await connectAll(url, named, onLine);
  return clients.map((client, index) => {
    const device = devices[index] as FleetDevice;
    const publisher = new Publisher(device.id, client, truth);
    return new DeviceClient(new DeviceState(device, rateHz), sealerOf(device, fleetKey), publisher);
  });
}

export async function disconnect(devices: readonly DeviceClient[]): Promise<void> {
  for (const device of devices) device.stop();
  await closeAll(devices.map(({ publisher }) => publisher.client));
}

export interface FleetRunOptions extends FleetConnection {
  fleet: readonly FleetDevice[];
  /** Seconds until it ends; without it, until stopped. */
  durationSec?: number;
  /** Told once a second. */
  onProgress?: (seconds: number, sent: number) => void;
  truth?: TruthOptions;
}

const TICK_MS = 1000;
/** The fleet needs no memory of what it sent. */
const FORGETFUL: TruthOptions = { keep: 1000 };

/** Runs the honest fleet in real time. Throws as {@link connectDevices}. */
export async function runFleet(options: FleetRunOptions): Promise<RunningSimulation> {
  let sent = 0;
  const truth = new Truth({
    ...FORGETFUL,
    ...options.truth,
    onMessage: (message) => {
      sent++;
      options.truth?.onMessage?.(message);
    },
  });
  const devices = await connectDevices(options.fleet, truth, options);
  for (const device of devices) device.start();
  const begin = Date.now();
  let finish: () => void = () => {};
  const over = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - begin) / 1000);
    options.onProgress?.(seconds, sent);
    if (options.durationSec !== undefined && seconds >= options.durationSec) finish();
  }, TICK_MS);
  const ended = over.then(() => {
    clearInterval(timer);
    return disconnect(devices);
  });
  return {
    ended,
    stop: () => {
      finish();
      return ended;
    },
  };
}
