import { makeGatewayFleet } from "../../simulator/devices/gateway-device.js";
import { findMosquitto } from "../support/brokers.js";
import { DeviceGateway } from "../support/device-gateway.js";
import { gatewayForgeries } from "../support/gateway-forgeries.js";
import type { Drill } from "./drill.js";

const REPLAYS = 20_000;
const REDUCED_REPLAYS = 2000;

export const gatewayForgeriesDrill: Drill = {
  name: "gateway-forgeries",
  summary: `every bit flipped, cut, extended, on other topics, ${REPLAYS} replays (${REDUCED_REPLAYS}), half of them after kill -9: 0 accepted`,
  async run({ reduced, seed, progress }) {
    if (!findMosquitto()) throw new Error("Mosquitto is not installed (apt-get install mosquitto)");
    const gateway = await DeviceGateway.start({ fleet: makeGatewayFleet({ devices: 4, seed }) });
    try {
      const { flips, truncations, extensions, topicSwaps, ...rest } = await gatewayForgeries(gateway, {
        ...{ devices: reduced ? 2 : 4, everyBit: reduced ? 8 : 1, seed, onProgress: progress },
        replays: reduced ? REDUCED_REPLAYS : REPLAYS,
      });
      return (
        `0 accepted of ${flips + truncations + extensions + topicSwaps} forgeries (${flips} bit flips, ` +
        `${truncations} truncations, ${extensions} extensions, ${topicSwaps} topic swaps), ${rest.replays} replays, ` +
        `${rest.replaysAfterKill} replays after kill -9 and ${rest.forgedCounters} forged numbers; ` +
        `${rest.honest} honest messages accepted, none lost`
      );
    } finally {
      await gateway.stop();
    }
  },
};
