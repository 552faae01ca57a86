import { makeGatewayFleet } from "../../simulator/devices/gateway-device.js";
import { findMosquitto } from "../support/brokers.js";
import { DeviceGateway } from "../support/device-gateway.js";
import { commandButton, gatewaySecrets } from "../support/gateway-secrets.js";
import type { Drill } from "./drill.js";

const MESSAGES = 2000;
const REDUCED_MESSAGES = 200;

export const gatewaySecretsDrill: Drill = {
  name: "gateway-secrets",
  summary: `attack a gateway and look for key bytes, raw, hex and base64, in output, flows, databases, spools and exports: 0 hits`,
  async run({ reduced, seed }) {
    if (!findMosquitto()) throw new Error("Mosquitto is not installed (apt-get install mosquitto)");
    const fleet = makeGatewayFleet({ devices: 4, seed });
    const more = [commandButton(fleet[0]?.id ?? "")];
    const gateway = await DeviceGateway.start({ fleet, more });
    try {
      const messages = reduced ? REDUCED_MESSAGES : MESSAGES;
      const found = await gatewaySecrets(gateway, messages, seed);
      return (
        `0 hits of ${found.secrets} secrets in ${(found.searchedBytes / 1024 / 1024).toFixed(1)} MiB ` +
        `after ${found.messages} messages and ${found.commandsOpened} commands`
      );
    } finally {
      await gateway.stop();
    }
  },
};
