import assert from "node:assert/strict";
import { makeGatewayFleet } from "../../simulator/devices/gateway-device.js";
import { findMosquitto } from "../support/brokers.js";
import { DeviceGateway } from "../support/device-gateway.js";
import { gatewayOutage } from "../support/gateway-outage.js";
import type { Drill } from "./drill.js";

const AWAY_SEC = 180;
const REDUCED_AWAY_SEC = 20;
/** Readings a second, of one device after the other. */
const RATES_HZ = [1, 10];
const SHOWN = 3;

export const gatewayOutageDrill: Drill = {
  name: "gateway-outage",
  summary: `the gateway is away for ${AWAY_SEC} s (${REDUCED_AWAY_SEC}) while its devices go on: nothing lost, nothing refused, nobody punished`,
  async run({ reduced, seed }) {
    if (!findMosquitto()) throw new Error("Mosquitto is not installed (apt-get install mosquitto)");
    const gateway = await DeviceGateway.start({ fleet: makeGatewayFleet({ devices: 6, seed }) });
    try {
      const away = reduced ? REDUCED_AWAY_SEC : AWAY_SEC;
      const outage = { before: 30, away, after: 15, ratesHz: RATES_HZ };
      const { acknowledged, missing, refused, losses } = await gatewayOutage(gateway, outage);
      assert.equal(missing, 0, `${missing} of ${acknowledged} lost, refused: ${JSON.stringify(refused)}`);
      assert.deepEqual(refused, {}, "nothing is refused");
      assert.equal(losses.length, 0, `${losses.length} losses of trust: ${losses.slice(0, SHOWN).join("; ")}`);
      return `${acknowledged} acknowledged, 0 lost, 0 refused, 0 losses of trust`;
    } finally {
      await gateway.stop();
    }
  },
};
