import { Command } from "commander";
import { makeFleet } from "../../simulator/fleet/device.js";
import { prepareFleet, RELOAD_MS } from "../../simulator/fleet/preparation.js";
import { runFleet } from "../../simulator/fleet/run-fleet.js";
import { trainingCsv } from "../../simulator/fleet/training-rows.js";
import { ProgressBar } from "../progress.js";
import { orFail, within } from "../simulate/arguments.js";
import { type FleetFlags, fleetBroker, withFleetOptions } from "../simulate/fleet-options.js";
import { RunProgress } from "../simulate/run-progress.js";
import { runUntilEnded } from "../simulate/run-until-ended.js";
import { writeParts } from "../simulate/write-parts.js";

interface Flags extends FleetFlags {
  duration?: number;
  out?: string;
}

const TRAINING_SEC = 6 * 3600;

function writeTrainingRows({ devices, rate, seed, prefix, duration = TRAINING_SEC }: Flags, path: string): void {
  const bar = new ProgressBar("simulating", devices * rate * duration);
  const rows = trainingCsv({ devices, rateHz: rate, durationSec: duration, seed, prefix });
  writeParts(path, rows, (parts) => bar.update(parts - 1));
  bar.finish();
}

async function publish(flags: Flags): Promise<void> {
  const { options, url, foreignAccounts } = await orFail(() => fleetBroker(flags));
  const fleet = makeFleet(flags);
  const progress = new RunProgress(process.stderr);
  const simulation = await orFail(async () => {
    const prepared = prepareFleet({ home: options.home, fleet, ...(foreignAccounts && { foreignAccounts }) });
    if (prepared.changed) await new Promise((resolve) => setTimeout(resolve, RELOAD_MS));
    return runFleet({
      ...{ url, fleet, accounts: prepared.accounts, fleetKey: prepared.fleetKey, rateHz: flags.rate },
      ...(flags.duration === undefined ? {} : { durationSec: flags.duration }),
      onLine: (line) => progress.interrupt(line),
      onProgress: (seconds, sent) => progress.update(seconds, `${fleet.length} devices  ${sent} messages`),
    });
  });
  await runUntilEnded(simulation);
  progress.finish();
}

/** `redoubt simulate fleet`: honest devices that publish sealed readings. */
export function simulateFleetCommand(): Command {
  return withFleetOptions(new Command("fleet"))
    .description("a fleet of honest devices: registers them in the home and publishes their sealed readings")
    .option(
      "--duration <s>",
      "seconds until it ends (default: until stopped; 6 hours with --out)",
      within(1, 1e7, true),
    )
    .option("--out <file>", "no broker: write what the monitor would measure, as fast as possible, for training")
    .action(async (flags: Flags) => {
      const { out } = flags;
      if (out !== undefined) await orFail(() => writeTrainingRows(flags, out));
      else await publish(flags);
    });
}
