import { Command, Option } from "commander";
import { MAX_FIRMWARE_PREFIX } from "../../simulator/firmware/fleet.js";
import { UsageFailure } from "../failure.js";
import { within } from "../simulate/arguments.js";
import { simulateFirmware } from "../simulate/firmware.js";
import { type FleetFlags, withFleetOptions } from "../simulate/fleet-options.js";

/** Options of `redoubt simulate firmware` as commander leaves them. */
export interface FirmwareFlags extends FleetFlags {
  ca?: string;
  duration?: number;
  json?: boolean;
}

/** `redoubt simulate firmware`: the ESP32 firmware itself, compiled for this machine. */
export function simulateFirmwareCommand(): Command {
  return withFleetOptions(new Command("firmware"))
    .description(
      "virtual devices: the ESP32 firmware compiled for this machine, each with a key and a flash of its own",
    )
    .addOption(new Option("--ca <file>", "authority of a broker at mqtts://, PEM; the devices trust no other one"))
    .option("--duration <s>", "so many seconds (default: until stopped)", within(1, 1e7, true))
    .option("--json", "print what was delivered as one line of JSON at the end")
    .action(async (flags: FirmwareFlags) => {
      if (flags.prefix.length > MAX_FIRMWARE_PREFIX) {
        throw new UsageFailure(`--prefix: up to ${MAX_FIRMWARE_PREFIX} characters`);
      }
      const report = await simulateFirmware(flags);
      if (report && flags.json) console.log(JSON.stringify(report));
      else if (report) console.log(`${report.devices} devices, ${report.delivered} readings delivered`);
    });
}
