import assert from "node:assert/strict";
import { makeFirmwareFleet } from "../../simulator/firmware/fleet.js";
import { DeviceGateway } from "../support/device-gateway.js";
import { assertTrustRises, firmwareFleet, TRUST_PROPERTIES } from "../support/firmware-fleet.js";
import type { Drill } from "./drill.js";

const MESSAGES = 2000;
const REDUCED_MESSAGES = 100;

export const firmwareFleetDrill: Drill = {
  name: "firmware-fleet",
  summary: `${MESSAGES} messages (${REDUCED_MESSAGES}) of virtual devices over TLS, Mosquitto and the gateway: all accepted, no copy, trust rises`,
  async run({ reduced, seed, progress }) {
    const fleet = makeFirmwareFleet({ devices: reduced ? 4 : 8, seed });
    const gateway = await DeviceGateway.start({ fleet, tls: true, properties: TRUST_PROPERTIES });
    try {
      let next = 0;
      const options = {
        ...{ messages: reduced ? REDUCED_MESSAGES : MESSAGES, rateHz: 5 },
        onProgress: (line: string) => {
          if (Date.now() < next) return;
          next = Date.now() + 10_000;
          progress(line);
        },
      };
      const result = await firmwareFleet(gateway, options);
      const { sent, accepted, replaysRefused, trust } = result;
      assert.deepEqual([accepted, replaysRefused], [sent, sent]);
      assertTrustRises(result);
      const [first] = trust;
      return `${fleet.length} devices, ${sent} messages, ${accepted} accepted, ${replaysRefused} of ${sent} copies refused; trust of the first ${first?.first} to ${first?.last}`;
    } finally {
      await gateway.stop();
    }
  },
};
