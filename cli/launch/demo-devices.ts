import { join } from "node:path";
import { packageRoot } from "../../lib/common/package-root.js";
import { sharedAccount } from "../../simulator/common/accounts.js";
import { makeGatewayFleet } from "../../simulator/devices/gateway-device.js";
import { prepareDevices } from "../../simulator/devices/preparation.js";
import { Child } from "./child.js";
import type { LaunchOptions } from "./options.js";

/** Few: the demo's attacked fleet reports to the same gateway. */
const DEVICES = 6;

/** On a foreign broker without a shared login the devices have no accounts, as the attacked fleet. */
const areKnown = ({ mqttUrl, mqttLogin }: LaunchOptions) => !mqttUrl || mqttLogin !== undefined;

/**
 * Makes accounts, keys and entries in the registry for the demo's devices, where they are missing. It comes before the
 * broker and Node-RED start: a running broker takes over a new account only within seconds, and a device that is quicker
 * would be refused. It also comes before other simulations: two processes that add accounts at once could lose some.
 *
 * @param seed of the simulation, as the user gave it.
 */
export function prepareDemoDevices(options: LaunchOptions, seed: string): void {
  if (!areKnown(options)) return;
  const { home, mqttLogin } = options;
  const fleet = makeGatewayFleet({ devices: DEVICES, seed: Number(seed) });
  prepareDevices({ home, fleet, held: [], ...(mqttLogin && { foreignAccounts: sharedAccount(mqttLogin) }) });
}

/** Starts the prepared devices: they sign and count what they send to the device gateway, and take its commands. */
export function startDevices(options: LaunchOptions, mqttUrl: string, seed: string): Child | undefined {
  if (!areKnown(options)) return undefined;
  const { home, mqttLogin } = options;
  return new Child({
    name: "simulated devices",
    args: [
      join(packageRoot(), "dist", "cli", "main.js"),
      ...["simulate", "devices", "--devices", String(DEVICES), "--seed", seed],
      // A login in REDOUBT_MQTT_URL reaches the simulation in that variable.
      ...(mqttLogin ? [] : ["--url", mqttUrl]),
    ],
    env: { REDOUBT_HOME: home.root },
    logFile: join(home.root, "logs", "devices.log"),
  });
}
