import { type Command, InvalidArgumentError, Option } from "commander";
import { isIdentifier } from "../../lib/common/identifier.js";
import { type AccountBook, accountsFromFile, sharedAccount } from "../../simulator/common/accounts.js";
import { type LaunchOptions, launchOptions } from "../launch/options.js";
import { within } from "./arguments.js";
import { brokerOf } from "./broker-of.js";

/** Options of every command that runs the fleet. */
export interface FleetFlags {
  url?: string;
  accounts?: string;
  devices: number;
  rate: number;
  seed: number;
  prefix: string;
}

/** Longest name that the fleet gives a device. */
const NAME_LENGTH = 24;
const MAX_PREFIX = 64 - NAME_LENGTH;
/** One address may open 200 connections to the embedded broker, and other programs need some. */
const MAX_DEVICES = 150;

function namePrefix(text: string): string {
  if (text !== "" && (!isIdentifier(text) || text.length > MAX_PREFIX)) {
    throw new InvalidArgumentError(`up to ${MAX_PREFIX} of A-Z a-z 0-9 . _ -`);
  }
  return text;
}

export function withFleetOptions(command: Command): Command {
  return command
    .option("--url <url>", "MQTT broker (default: REDOUBT_MQTT_URL, else the embedded broker on this machine)")
    .option(
      "--accounts <file>",
      "accounts file for a broker whose users are not in the home (default: makes them there)",
    )
    .addOption(new Option("--devices <n>", "honest devices").argParser(within(1, MAX_DEVICES, true)).default(12))
    .addOption(
      new Option("--rate <hz>", "readings a second of each device").argParser(within(0.01, 20, false)).default(1),
    )
    .addOption(new Option("--seed <n>", "seed of everything random").argParser(within(0, 2 ** 32 - 1, true)).default(1))
    .addOption(new Option("--prefix <text>", "put before the devices' names").argParser(namePrefix).default(""));
}

/** The broker to attack or to feed, and its logins where they are not to be made in the home. */
export interface FleetBroker {
  options: LaunchOptions;
  url: string;
  foreignAccounts?: AccountBook;
}

/**
 * @throws {UsageFailure} for a broken URL.
 * @throws {Error} for an accounts file that cannot be read.
 */
export function fleetBroker(flags: FleetFlags): FleetBroker {
  const options = launchOptions("open");
  const { url, login } = brokerOf(flags.url, options);
  const foreign = flags.accounts === undefined ? login && sharedAccount(login) : accountsFromFile(flags.accounts);
  return { options, url: url.href, ...(foreign && { foreignAccounts: foreign }) };
}
