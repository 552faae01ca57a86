import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../lib/common/package-root.js";
import { prepareDevices } from "../../simulator/devices/preparation.js";
import { buildFirmware } from "../../simulator/firmware/build.js";
import { makeFirmwareFleet } from "../../simulator/firmware/fleet.js";
import { VirtualFleet, type VirtualFleetTotals } from "../../simulator/firmware/run-virtual-devices.js";
import { RELOAD_MS } from "../../simulator/fleet/preparation.js";
import type { FirmwareFlags } from "../commands/simulate-firmware.js";
import { CommandFailure, UsageFailure } from "../failure.js";
import { orFail } from "./arguments.js";
import { fleetBroker } from "./fleet-options.js";
import { Interruption } from "./interruption.js";
import { RunProgress } from "./run-progress.js";

const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "localhost"]);
const DEFAULT_PORTS: Readonly<Record<string, number>> = { "mqtt:": 1883, "mqtts:": 8883 };
const STATUS_EVERY_MS = 2000;

export interface FirmwareReport extends VirtualFleetTotals {
  devices: number;
  durationSec: number;
}

/** The broker's address as the firmware takes it. @throws {UsageFailure} for what the firmware refuses. */
function brokerAddress(text: string, ca: string | undefined): string {
  const { protocol, hostname, port } = new URL(text);
  const defaultPort = DEFAULT_PORTS[protocol];
  if (defaultPort === undefined) throw new UsageFailure("--url: the firmware speaks mqtts:// only");
  if (protocol === "mqtt:" && !LOOPBACK.has(hostname)) {
    throw new UsageFailure(
      "--url: without TLS only a broker on this machine, at 127.0.0.1; others by mqtts:// and --ca",
    );
  }
  if ((protocol === "mqtts:") !== (ca !== undefined)) {
    throw new UsageFailure("--ca is the authority of a broker at mqtts://; give both or neither");
  }
  return `${protocol}//${hostname}:${port || defaultPort}`;
}

function lineOf({ connected, delivered, waiting, accepted, refused }: VirtualFleetTotals, devices: number): string {
  const commands = `${accepted} commands${refused > 0 ? `, ${refused} refused` : ""}`;
  return `${connected} of ${devices} devices connected  ${delivered} delivered  ${waiting} waiting  ${commands}`;
}

/**
 * Builds the firmware for this machine where it is not built yet, gives each device its key, and runs until stopped.
 *
 * @throws {CommandFailure} where something cannot be built, reached or read, or a device ends by itself.
 */
export async function simulateFirmware(flags: FirmwareFlags): Promise<FirmwareReport | undefined> {
  const target = fleetBroker(flags);
  const broker = brokerAddress(target.url, flags.ca);
  const { home } = target.options;
  const fleet = makeFirmwareFleet(flags);
  const progress = new RunProgress(process.stderr, flags.duration);
  const interruption = new Interruption();
  let virtual: VirtualFleet | undefined;
  try {
    const program = await orFail(() =>
      buildFirmware({
        sources: join(packageRoot(), "firmware"),
        cache: join(home.root, "cache"),
        onBuild: () => progress.interrupt("building the firmware for this machine; this takes about half a minute"),
      }),
    );
    const { foreignAccounts } = target;
    const prepared = await orFail(() =>
      prepareDevices({ home, fleet, held: [], ...(foreignAccounts && { foreignAccounts }) }),
    );
    if (prepared.changed) await interruption.sleep(RELOAD_MS);
    if (interruption.isRequested) return undefined;
    const { fleetKey, accounts, epochOf } = prepared;
    const running = await orFail(() =>
      VirtualFleet.start(fleet, {
        ...{ program, broker, accounts, fleetKey, epochOf, rateHz: flags.rate },
        ...(flags.ca !== undefined && { authority: readFileSync(flags.ca, "utf8") }),
        flashFolder: join(home.state, "virtual-devices"),
        onLine: (device, line) => progress.interrupt(`${device}: ${line}`),
      }),
    );
    virtual = running;
    const begin = Date.now();
    const seconds = () => (Date.now() - begin) / 1000;
    while (!interruption.isRequested && seconds() < (flags.duration ?? Number.POSITIVE_INFINITY)) {
      await interruption.sleep(STATUS_EVERY_MS);
      progress.update(seconds(), lineOf(await running.totals(), fleet.length));
      if (running.ended > 0) throw new CommandFailure(`${running.ended} of ${fleet.length} virtual devices ended`);
    }
    return { devices: fleet.length, durationSec: seconds(), ...(await running.totals()) };
  } finally {
    progress.finish();
    await virtual?.stop();
    interruption.dispose();
  }
}
