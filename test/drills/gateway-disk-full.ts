import assert from "node:assert/strict";
import { makeGatewayFleet } from "../../simulator/devices/gateway-device.js";
import { findMosquitto } from "../support/brokers.js";
import { DeviceGateway } from "../support/device-gateway.js";
import { gatewayDiskFull, SMALL_HOME_MIB } from "../support/gateway-disk-full.js";
import type { Drill } from "./drill.js";

const FULL = { rounds: 6, fullMs: 15_000 };
const REDUCED = { rounds: 2, fullMs: 3000 };
const SHOWN = 3;

export const gatewayDiskFullDrill: Drill = {
  name: "gateway-disk-full",
  summary: `fill a gateway's disk ${FULL.rounds} times (${REDUCED.rounds}) while its devices go on, every second time with kill -9: nothing lost (root)`,
  async run({ reduced, seed, progress }) {
    if (!findMosquitto()) throw new Error("Mosquitto is not installed (apt-get install mosquitto)");
    if (process.getuid?.() !== 0) throw new Error("only root may mount a small file system");
    const fleet = makeGatewayFleet({ devices: 4, seed });
    const gateway = await DeviceGateway.start({ fleet, homeMiB: SMALL_HOME_MIB, serverApart: true });
    try {
      const { rounds, fullMs } = reduced ? REDUCED : FULL;
      const result = await gatewayDiskFull(gateway, rounds, fullMs, progress);
      for (const reason of result.reasons) progress(reason);
      const { acknowledged, missing, refused, losses, entries } = result;
      assert.equal(missing, 0, `${missing} of ${acknowledged} lost, refused: ${JSON.stringify(refused)}`);
      assert.deepEqual(refused, {}, "nothing is refused");
      assert.equal(losses.length, 0, `${losses.length} losses of trust: ${losses.slice(0, SHOWN).join("; ")}`);
      return `${rounds} times full, ${acknowledged} acknowledged, 0 lost, 0 refused, 0 losses of trust; ${entries} entries verified`;
    } catch (error) {
      progress(gateway.output.split("\n").slice(-30).join("\n"));
      throw error;
    } finally {
      await gateway.stop();
    }
  },
};
