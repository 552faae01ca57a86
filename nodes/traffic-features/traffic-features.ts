import type { Node, NodeAPI, NodeDef } from "node-red";
import type { QuantityLimit, QuantityLimits } from "../../lib/common/quantity-limits.js";
import { DEFAULT_NEW_SOURCE_RATE } from "../../lib/traffic/allowance.js";
import { sampleOf } from "../../lib/traffic/message-sample.js";
import { DEFAULT_LIMITS, withDefaults } from "../../lib/traffic/quantities.js";
import { DEFAULT_CAP, TrafficMeter } from "../../lib/traffic/traffic-meter.js";
import type { DeviceRegistryNode } from "../common/device-registry.js";
import { failClosed } from "../common/fail-closed.js";
import { numberSetting } from "../common/number-setting.js";
import { runStage } from "../common/stage.js";

interface TrafficFeaturesConfig extends NodeDef {
  /** Id of a device registry whose limits win over those below; may be empty. */
  registry: string;
  temperatureLow: string | number;
  temperatureHigh: string | number;
  temperatureChange: string | number;
  humidityLow: string | number;
  humidityHigh: string | number;
  humidityChange: string | number;
  newSourceRate: string | number;
  floodRate: string | number;
  cap: string | number;
}

const DEFAULT_FLOOD_RATE = 100;
/** The status names a flood for so long after its last message. */
const FLOOD_SHOWN_MS = 10_000;

/** @throws {Error} that says which setting to mend. */
function limitSetting(quantity: string, low: unknown, high: unknown, change: unknown): QuantityLimit {
  const name = `${quantity[0]?.toUpperCase()}${quantity.slice(1)}`;
  const preset = DEFAULT_LIMITS.get(quantity) as Required<QuantityLimit>;
  const limit = {
    low: numberSetting(`${name}: lowest`, low, preset.low, -1e6, 1e6),
    high: numberSetting(`${name}: highest`, high, preset.high, -1e6, 1e6),
    maxChangePerSecond: numberSetting(`${name}: largest change`, change, preset.maxChangePerSecond, 1e-6, 1e6),
  };
  if (limit.low >= limit.high) throw new Error(`${name}: the lowest value must be below the highest`);
  return limit;
}

function readSettings(config: TrafficFeaturesConfig) {
  const { temperatureLow, temperatureHigh, temperatureChange, humidityLow, humidityHigh, humidityChange } = config;
  const limits: QuantityLimits = new Map([
    ["temperature", limitSetting("temperature", temperatureLow, temperatureHigh, temperatureChange)],
    ["humidity", limitSetting("humidity", humidityLow, humidityHigh, humidityChange)],
  ]);
  const newSourceRate = numberSetting(
    "Allowance of new sources",
    config.newSourceRate,
    DEFAULT_NEW_SOURCE_RATE,
    0.1,
    1e4,
  );
  const floodRate = numberSetting("Flood", config.floodRate, DEFAULT_FLOOD_RATE, 1, 1e6);
  const cap = Math.floor(numberSetting("Followed sources", config.cap, DEFAULT_CAP, 1, 1_000_000));
  return { limits, floodRate, meter: new TrafficMeter({ cap, newSourceRate }) };
}

export = (RED: NodeAPI): void => {
  RED.nodes.registerType("redoubt-traffic-features", function (this: Node, config: TrafficFeaturesConfig) {
    RED.nodes.createNode(this, config);
    const registry = config.registry ? (RED.nodes.getNode(config.registry) as DeviceRegistryNode | null) : null;
    let settings: ReturnType<typeof readSettings>;
    try {
      if (config.registry && !registry) throw new Error(RED._("redoubt-traffic-features.errors.noRegistry"));
      settings = readSettings(config);
    } catch (error) {
      failClosed(this, RED._("redoubt-traffic-features.status.settings"), (error as Error).message);
      return;
    }
    const { limits, floodRate, meter } = settings;

    const merged = new WeakMap<QuantityLimits, QuantityLimits>();
    const limitsOf = (device: string): QuantityLimits => {
      const own = registry?.limitsOf(device);
      if (!own || own.size === 0) return limits;
      const known = merged.get(own) ?? withDefaults(own, limits);
      merged.set(own, known);
      return known;
    };

    let refused = 0;
    let flood = { rate: 0, at: Number.NEGATIVE_INFINITY };
    const note = () => {
      const parts: string[] = [];
      if (refused > 0) parts.push(RED._("redoubt-traffic-features.status.refused", { refused }));
      if (Date.now() - flood.at < FLOOD_SHOWN_MS) {
        parts.push(RED._("redoubt-traffic-features.status.flood", { rate: flood.rate }));
      }
      return parts.join(", ");
    };

    runStage(
      this,
      (msg) => {
        const now = Date.now();
        const sample = sampleOf(msg, now);
        sample.limits = limitsOf(sample.source);
        msg.traffic = meter.measure(sample);
        if (msg.traffic.rate > floodRate) flood = { rate: msg.traffic.rate, at: now };
        if (!msg.rejected) return msg;
        refused++;
        return [null, msg];
      },
      note,
    );
  });
};
