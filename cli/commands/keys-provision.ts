import { Command, Option } from "commander";
import {
  ACCOUNT_ROLES,
  type AccountRole,
  accountsFileIn,
  allowPublishing,
  provision,
  rightsIn,
} from "../../lib/broker/accounts.js";
import type { AccessRights } from "../../lib/broker/users-file.js";
import { homeAt } from "../../lib/common/home.js";
import { isIdentifier } from "../../lib/common/identifier.js";
import { listDevice } from "../../lib/registry/edit-registry.js";
import { DEFAULT_DEVICE_PROFILE, DEVICE_PROFILES, type DeviceProfile } from "../../lib/registry/profiles.js";
import { type DeviceEntry, readRegistry, registryFileIn, topicsOf } from "../../lib/registry/registry-file.js";
import { isDeviceTopic } from "../../lib/registry/topics.js";
import { writeDeviceKey } from "../devices/device-key-file.js";
import { deviceRecord, FIRMWARE_PROFILE } from "../devices/device-record.js";
import { CommandFailure, UsageFailure } from "../failure.js";

interface ProvisionOptions {
  role: AccountRole;
  profile?: DeviceProfile;
  topic?: string[];
  home?: string;
  showPassword?: true;
  record?: true;
  json?: true;
}

/**
 * `redoubt keys provision <device> --role sensor|consumer`: a device's account on the embedded broker, and with
 * `--profile` its place in the registry and its own key. The account may publish on the topics that the registry lists.
 */
export function keysProvisionCommand(): Command {
  return new Command("provision")
    .description("give a device a user name, a password and topic rights on the embedded MQTT broker")
    .argument("<device>", "name of the device, also its user name: A-Z a-z 0-9 . _ -")
    .addOption(
      new Option("--role <role>", "sensor sends readings, consumer receives the masked stream")
        .choices(ACCOUNT_ROLES)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option(
        "--profile [profile]",
        "also list the sensor in the device registry and write the key of its own that the profile needs",
      )
        .choices(DEVICE_PROFILES)
        .preset(DEFAULT_DEVICE_PROFILE),
    )
    .option("--topic <topics...>", "with --profile: its exact topics (default: iot/devices/<device>/data)")
    .option("--home <folder>", "where Redoubt keeps its files (default: REDOUBT_HOME or .redoubt)")
    .option("--show-password", "print the password instead of only saying which file holds it")
    .option("--record", "print nothing but the line that Redoubt's firmware takes: it holds the key and the password")
    .option("--json", "print one JSON object")
    .action(run);
}

function topicsOfListed(listed: DeviceEntry | undefined): string[] {
  return listed ? topicsOf(listed) : [];
}

function run(device: string, options: ProvisionOptions): void {
  if (!isIdentifier(device)) throw new UsageFailure("a device name is 1 to 64 of the characters A-Z a-z 0-9 . _ -");
  const { role, profile, topic } = options;
  if (options.record && profile !== FIRMWARE_PROFILE) {
    throw new UsageFailure(`--record is for the firmware, which speaks ${FIRMWARE_PROFILE}: give it as --profile`);
  }
  if (topic && !profile) throw new UsageFailure("--topic is for devices of the registry: give their --profile as well");
  if (topic && !topic.every(isDeviceTopic)) {
    throw new UsageFailure("a topic is text of 1 to 256 bytes without + # and control characters");
  }
  if (profile && role !== "sensor") throw new UsageFailure("--profile is for sensors: a consumer sends no readings");
  const home = homeAt(options.home ?? process.env.REDOUBT_HOME, process.cwd());
  const { root } = home;
  let password: string;
  let rights: AccessRights;
  let keyFile: string | undefined;
  let listed: DeviceEntry | undefined;
  let record: string | undefined;
  const registryFile = registryFileIn(root);
  try {
    if (profile) {
      listDevice(registryFile, { id: device, profile, ...(topic && { topics: topic }) });
      listed = readRegistry(registryFile).devices.find((entry) => entry.id === device);
      keyFile = writeDeviceKey(home, profile, device, listed?.epoch);
    }
    ({ password } = provision(root, device, role));
    allowPublishing(root, device, topicsOfListed(listed));
    rights = rightsIn(root, device);
    if (options.record) record = deviceRecord(home, device, listed?.epoch ?? 1, password);
  } catch (error) {
    throw new CommandFailure((error as Error).message);
  }
  const topics = topicsOfListed(listed);
  const result = {
    username: device,
    ...rights,
    passwordFile: accountsFileIn(root),
    ...(profile && { profile, registryFile, topics, epoch: listed?.epoch ?? 1 }),
    ...(keyFile && { keyFile }),
    ...(options.showPassword && { password }),
    ...(record !== undefined && { record }),
  };
  if (options.json) {
    console.log(JSON.stringify(result));
    return;
  }
  if (record !== undefined) {
    console.log(record);
    return;
  }
  console.log(`user name   ${device}`);
  console.log(`password    ${options.showPassword ? password : `in ${result.passwordFile}`}`);
  console.log(`publishes   ${result.publish.join(", ") || "nothing"}`);
  console.log(`subscribes  ${result.subscribe.join(", ") || "nothing"}`);
  if (profile) console.log(`listed      as ${profile} in ${registryFile}, topic ${topics.join(", ")}`);
  if (keyFile) console.log(`key         in ${keyFile}`);
}
