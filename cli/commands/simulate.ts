import { Command } from "commander";
import { simulateAttackCommand } from "./simulate-attack.js";
import { simulateDevicesCommand } from "./simulate-devices.js";
import { simulateFirmwareCommand } from "./simulate-firmware.js";
import { simulateFleetCommand } from "./simulate-fleet.js";
import { simulateNetworkCommand } from "./simulate-network.js";
import { simulateThermalCommand } from "./simulate-thermal.js";
import { simulateWifiCommand } from "./simulate-wifi.js";

/** `redoubt simulate <scenario>`. */
export function simulateCommand(): Command {
  return new Command("simulate")
    .description("run a simulated plant, fleet or attacker against a running system")
    .addCommand(simulateThermalCommand())
    .addCommand(simulateFleetCommand())
    .addCommand(simulateAttackCommand())
    .addCommand(simulateDevicesCommand())
    .addCommand(simulateFirmwareCommand())
    .addCommand(simulateNetworkCommand())
    .addCommand(simulateWifiCommand());
}
