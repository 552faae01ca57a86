import assert from "node:assert/strict";
import { makeGatewayFleet } from "../../simulator/devices/gateway-device.js";
import { findMosquitto } from "../support/brokers.js";
import { DeviceGateway } from "../support/device-gateway.js";
import { frameDevice } from "../support/gateway-framing.js";
import type { Drill } from "./drill.js";

const MESSAGES = 10_000;
const REDUCED_MESSAGES = 1000;

export const gatewayFramingDrill: Drill = {
  name: "gateway-framing",
  summary: `${MESSAGES} bad messages (${REDUCED_MESSAGES}) that name another device: its trust is unchanged, it is heard on`,
  async run({ reduced, seed }) {
    if (!findMosquitto()) throw new Error("Mosquitto is not installed (apt-get install mosquitto)");
    const gateway = await DeviceGateway.start({ fleet: makeGatewayFleet({ devices: 4, seed }) });
    try {
      const framed = await frameDevice(gateway, reduced ? REDUCED_MESSAGES : MESSAGES, seed);
      assert.equal(framed.before, framed.after);
      const { messages, refused, before, after } = framed;
      return `${messages} messages, ${refused} refused, 0 accepted; trust ${before} before, ${after} after`;
    } finally {
      await gateway.stop();
    }
  },
};
