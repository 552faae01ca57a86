import assert from "node:assert/strict";
import { findMosquitto } from "../support/brokers.js";
import { gatewayClock } from "../support/gateway-clock.js";
import type { Drill } from "./drill.js";

const MESSAGES = 10;
const REDUCED_MESSAGES = 2;

export const gatewayClockDrill: Drill = {
  name: "gateway-clock",
  summary: `set the clocks of a gateway that runs, and of its devices, an hour wrong: taken, refused and counted as promised, nobody punished (faketime)`,
  async run({ reduced, seed }) {
    if (!findMosquitto()) throw new Error("Mosquitto is not installed (apt-get install mosquitto)");
    const { taken, refused, replaysRefused, losses } = await gatewayClock(seed, reduced ? REDUCED_MESSAGES : MESSAGES);
    assert.deepEqual(losses, [], "losses of trust");
    return `${taken} taken, ${refused} refused as STALE, ${replaysRefused} replays refused, 0 losses of trust`;
  },
};
