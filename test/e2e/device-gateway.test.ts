import assert from "node:assert/strict";
import { makeGatewayFleet } from "../../simulator/devices/gateway-device.js";
import { requireOnMachine } from "../setup.js";
import { findMosquitto } from "../support/brokers.js";
import { DeviceGateway } from "../support/device-gateway.js";
import { gatewayForgeries } from "../support/gateway-forgeries.js";
import { commandButton, gatewaySecrets } from "../support/gateway-secrets.js";

describe("the shipped device gateway and central server", function () {
  this.timeout(400_000);
  let gateway: DeviceGateway;
  before(async function () {
    requireOnMachine(this, findMosquitto() !== undefined, "mosquitto (apt-get install mosquitto)");
    const fleet = makeGatewayFleet({ devices: 4, seed: 1 });
    gateway = await DeviceGateway.start({ fleet, more: [commandButton(fleet[0]?.id ?? "")] });
  });
  after(() => gateway?.stop());

  it("withstand every simulated attack, pass a command to a trusted device, and leave no key anywhere", async () => {
    const { secrets, searchedBytes, commandsOpened } = await gatewaySecrets(gateway, 100, 1);
    assert.ok(secrets >= 8 && searchedBytes > 100_000);
    assert.equal(commandsOpened, 1);
  });

  it("accept no forgery, no replay, also after kill -9, and every honest message", async () => {
    const result = await gatewayForgeries(gateway, { devices: 2, everyBit: 16, replays: 600, seed: 1 });
    const { flips, truncations, extensions, topicSwaps } = result;
    assert.ok(flips + truncations + extensions + topicSwaps >= 1900);
    assert.deepEqual([result.replays, result.replaysAfterKill], [300, 300]);
    assert.equal(result.honest, 4 * (20 + 25 + 5) + 2);
  });
});
