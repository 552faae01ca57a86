import { readFileSync } from "node:fs";
import { Command, Option } from "commander";
import { type Home, homeAt } from "../../lib/common/home.js";
import { isIdentifier } from "../../lib/common/identifier.js";
import { listDevice, unlistDevice } from "../../lib/registry/edit-registry.js";
import { RegistryProblem } from "../../lib/registry/problem.js";
import { DEVICE_PROFILES, type DeviceProfile } from "../../lib/registry/profiles.js";
import {
  type DeviceEntry,
  formatRegistry,
  parseRegistry,
  readRegistry,
  registryFileIn,
  topicsOf,
  writeRegistry,
} from "../../lib/registry/registry-file.js";
import { isDeviceTopic } from "../../lib/registry/topics.js";
import { removeDeviceKey } from "../devices/device-key-file.js";
import { CommandFailure, UsageFailure } from "../failure.js";

interface HomeOption {
  home?: string;
  json?: true;
}

interface AddOptions extends HomeOption {
  profile: DeviceProfile;
  topic?: string[];
}

function homeOf(options: HomeOption): Home {
  return homeAt(options.home ?? process.env.REDOUBT_HOME, process.cwd());
}

function orFail<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RegistryProblem || (error as NodeJS.ErrnoException).code) {
      throw new CommandFailure((error as Error).message);
    }
    throw error;
  }
}

function epochText({ epoch, previousEpoch }: DeviceEntry): string {
  if (epoch === undefined) return "";
  return previousEpoch ? `  epoch ${epoch}, ${previousEpoch.epoch} until ${previousEpoch.until}` : `  epoch ${epoch}`;
}

function list(options: HomeOption): void {
  const { devices } = orFail(() => readRegistry(registryFileIn(homeOf(options).root)));
  for (const device of devices) {
    const topics = topicsOf(device);
    if (options.json) console.log(JSON.stringify({ ...device, topics }));
    else console.log(`${device.id}  ${device.profile}  ${topics.join(" ")}${epochText(device)}`);
  }
}

function add(id: string, options: AddOptions): void {
  if (!isIdentifier(id)) throw new UsageFailure("a device name is 1 to 64 of the characters A-Z a-z 0-9 . _ -");
  const { profile, topic } = options;
  if (topic && !topic.every(isDeviceTopic)) {
    throw new UsageFailure("a topic is text of 1 to 256 bytes without + # and control characters");
  }
  const path = registryFileIn(homeOf(options).root);
  const outcome = orFail(() => listDevice(path, { id, profile, ...(topic && { topics: topic }) }));
  if (options.json) console.log(JSON.stringify({ id, profile, outcome, registryFile: path }));
  else console.log(outcome === "added" ? `${id} is listed in ${path}` : `${id} was listed already`);
}

function remove(id: string, options: HomeOption): void {
  const home = homeOf(options);
  orFail(() => unlistDevice(registryFileIn(home.root), id));
  const keyRemoved = removeDeviceKey(home, id);
  if (options.json) console.log(JSON.stringify({ id, keyRemoved }));
  else console.log(`${id} is not listed any more${keyRemoved ? "; its key file is removed" : ""}`);
}

function importFrom(file: string, options: HomeOption): void {
  const path = registryFileIn(homeOf(options).root);
  const registry = orFail(() => parseRegistry(readFileSync(file)));
  orFail(() => writeRegistry(path, registry));
  const devices = registry.devices.length;
  if (options.json) console.log(JSON.stringify({ devices, registryFile: path }));
  else console.log(`${devices} devices are listed in ${path}`);
}

function exportAll(options: HomeOption): void {
  process.stdout.write(formatRegistry(orFail(() => readRegistry(registryFileIn(homeOf(options).root)))));
}

/** Every subcommand works on the registry of a home; only export has nothing to say about it. */
function onHome(name: string, description: string, json = true): Command {
  const command = new Command(name).description(description);
  command.option("--home <folder>", "where Redoubt keeps its files (default: REDOUBT_HOME or .redoubt)");
  return json ? command.option("--json", "print JSON, one object per line") : command;
}

/** `redoubt devices`: who is in the fleet. Accounts and keys are made by `redoubt keys provision`. */
export function devicesCommand(): Command {
  return new Command("devices")
    .description("List, add and remove devices of the registry; it holds no keys")
    .addCommand(onHome("list", "show the devices with their profiles and topics").action(list))
    .addCommand(
      onHome("add", "list a device; `redoubt keys provision` also gives it an account and a key")
        .argument("<device>", "name of the device: A-Z a-z 0-9 . _ -")
        .addOption(
          new Option("--profile <profile>", "how its messages are sealed")
            .choices(DEVICE_PROFILES)
            .makeOptionMandatory(),
        )
        .option("--topic <topics...>", "its exact topics (default: iot/devices/<device>/data)")
        .action(add),
    )
    .addCommand(
      onHome("remove", "take a device off the list and delete its key file; its broker account stays")
        .argument("<device>", "name of the device")
        .action(remove),
    )
    .addCommand(
      onHome("import", "replace the whole list by the one in a file")
        .argument("<file>", "JSON file")
        .action(importFrom),
    )
    .addCommand(onHome("export", "print the registry as JSON", false).action(exportAll));
}
