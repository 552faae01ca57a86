import { join } from "node:path";
import { packageRoot } from "../../lib/common/package-root.js";
import { sharedAccount } from "../../simulator/common/accounts.js";
import { makeGatewayFleet } from "../../simulator/devices/gateway-device.js";
import { prepareDevices } from "../../simulator/devices/preparation.js";
import { Child } from "./child.js";
import type { LaunchOptions } from "./options.js";

/** Few: the demo's attacked fleet reports to the same gateway. */
const DEVICES = 6;

/**
 * Devices that sign and count what they send to the device gateway, and take its commands. On a foreign broker without a
 * shared login they have no accounts, as the attacked fleet.
 *
 * @param seed of the simulation, as the user gave it.
 */
export function startDevices(options: LaunchOptions, mqttUrl: string, seed: string): Child | undefined {
  const { home, mqttLogin } = options;
  if (options.mqttUrl && !mqttLogin) return undefined;
  // Made here, before other simulations run: two processes that add accounts at once could lose some.
  const fleet = makeGatewayFleet({ devices: DEVICES, seed: Number(seed) });
  prepareDevices({ home, fleet, held: [], ...(mqttLogin && { foreignAccounts: sharedAccount(mqttLogin) }) });
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
