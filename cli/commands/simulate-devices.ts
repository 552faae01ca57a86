import { Command, InvalidArgumentError, Option } from "commander";
import { GATEWAY_ATTACKS, type GatewayAttackName, isGatewayAttack } from "../../simulator/devices/attack-names.js";
import {
  GATEWAY_PROFILES,
  type GatewayProfile,
  MAX_PREFIX,
  PAYLOAD_FORMS,
  type PayloadForm,
} from "../../simulator/devices/gateway-device.js";
import { CommandFailure, UsageFailure } from "../failure.js";
import { within } from "../simulate/arguments.js";
import { simulateDevices } from "../simulate/devices.js";
import { type FleetFlags, withFleetOptions } from "../simulate/fleet-options.js";

/** Options of `redoubt simulate devices` as commander leaves them. */
export interface DevicesFlags extends FleetFlags {
  profiles: GatewayProfile[];
  form?: PayloadForm;
  attack?: GatewayAttackName[];
  messages: number;
  attackRate: number;
  duration?: number;
  forever?: boolean;
  server?: string;
  tokenFile?: string;
  gatewayId: string;
  store?: string;
  ledger?: string;
  statusUrl?: string;
  report?: string;
  json?: boolean;
}

const DEFAULT_MESSAGES = 2000;
const DEFAULT_ATTACK_RATE = 500;

function listOf<T extends string>(text: string, known: readonly T[]): T[] {
  const names = text.split(",").map((name) => name.trim());
  if (!names.every((name) => (known as readonly string[]).includes(name))) {
    throw new InvalidArgumentError(`some of: ${known.join(", ")}`);
  }
  return [...new Set(names)] as T[];
}

function attacks(text: string): GatewayAttackName[] {
  return text.trim() === "all" ? [...GATEWAY_ATTACKS] : listOf(text, GATEWAY_ATTACKS).filter(isGatewayAttack);
}

function httpUrl(text: string): string {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) throw new InvalidArgumentError("an http:// or https:// URL");
  return text;
}

function checkFlags(flags: DevicesFlags): void {
  if (flags.prefix.length > MAX_PREFIX) throw new UsageFailure(`--prefix: up to ${MAX_PREFIX} characters`);
  if (!flags.forever) return;
  if (!flags.attack) throw new UsageFailure("--forever needs --attack; without attacks it is endless anyway");
  const contradiction = (["duration", "report", "json"] as const).find((name) => flags[name] !== undefined);
  if (contradiction) throw new UsageFailure(`--forever and --${contradiction} do not go together: there is no end`);
}

/** `redoubt simulate devices`: signed telemetry for a device gateway, and attacks on it. */
export function simulateDevicesCommand(): Command {
  return withFleetOptions(new Command("devices"))
    .description("devices that sign and count what they send to a device gateway and take its commands; and attackers")
    .addOption(
      new Option("--profiles <a,b>", "their envelopes, in turn")
        .argParser((text) => listOf(text, GATEWAY_PROFILES))
        .default([...GATEWAY_PROFILES], GATEWAY_PROFILES.join(",")),
    )
    .addOption(new Option("--form <name>", "of their payloads (default: both in turn)").choices(PAYLOAD_FORMS))
    .option("--attack <a,b>", `all, or some of: ${GATEWAY_ATTACKS.join(", ")}`, attacks)
    .addOption(
      new Option("--messages <n>", "messages of each attack").argParser(within(1, 1e6, true)).default(DEFAULT_MESSAGES),
    )
    .addOption(
      new Option("--attack-rate <hz>", "messages a second of the attacker")
        .argParser(within(1, 5000, false))
        .default(DEFAULT_ATTACK_RATE),
    )
    .option(
      "--duration <s>",
      "at least so many seconds (default: until stopped, or until the attacks are over)",
      within(1, 1e7, true),
    )
    .option("--forever", "the attacks again and again, gently, until stopped; no report")
    .option(
      "--server <url>",
      "batch-in of the central server (default: /api/batches of the Node-RED on this machine)",
      httpUrl,
    )
    .option(
      "--token-file <file>",
      "a gateway's token for the server (default: keys/gateway.token of the home, if there)",
    )
    .option("--gateway-id <name>", "name of that gateway", "gateway-1")
    .option("--store <file>", "database of the server's batch-in (default: the latest state/batches-*.db of the home)")
    .option("--ledger <file>", "the gateway's ledger (default: state/ledger.db of the home)")
    .option("--status-url <url>", "the gateway's /status (default: of the Node-RED on this machine)", httpUrl)
    .option("--report <file>", "write the report as JSON")
    .option("--json", "print the report as one line of JSON instead of tables")
    .action(async (flags: DevicesFlags) => {
      checkFlags(flags);
      const isJudged = flags.attack !== undefined || flags.report !== undefined || flags.json === true;
      const report = await simulateDevices(flags, isJudged);
      if (report && !report.ok) {
        const missed = report.targets.filter(({ ok }) => !ok).map(({ name }) => name);
        throw new CommandFailure(`missed: ${missed.join(", ")}`);
      }
    });
}
