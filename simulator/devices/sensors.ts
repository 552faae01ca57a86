import { isJsonObject, type JsonObject } from "../../lib/common/json.js";
import { SeededRandom } from "../../lib/common/seeded-random.js";
import { RoomClimate } from "../fleet/climate.js";
import type { GatewayDevice } from "./gateway-device.js";

const LEVELS_C = [21, 27] as const;
const tenth = (value: number) => Math.round(value * 10) / 10;
const hundredth = (value: number) => Math.round(value * 100) / 100;

/** What a device measures around itself and of itself; everything wanders slowly, as real devices do. */
export class Sensors {
  private readonly random: SeededRandom;
  private readonly climate: RoomClimate;
  private batteryPercent: number;

  constructor(private readonly device: GatewayDevice) {
    this.random = new SeededRandom(device.seed);
    const levelC = LEVELS_C[0] + this.random.uniform() * (LEVELS_C[1] - LEVELS_C[0]);
    this.climate = new RoomClimate({ levelC, dayAmplitudeK: 0.4 }, this.random);
    this.batteryPercent = 70 + 30 * this.random.uniform();
  }

  /** The payload of one message, with its number. @param atMs device's clock, milliseconds since the Unix epoch. */
  payload(atMs: number, sequence: number): JsonObject {
    const { device, random } = this;
    this.batteryPercent = Math.max(20, this.batteryPercent - 0.0005 * random.uniform());
    const climate = { ...this.climate.read(atMs) };
    const system = {
      battery_level: tenth(this.batteryPercent),
      cpu_usage: tenth(Math.max(1, random.gaussian(14, 2))),
    };
    const vibration = hundredth(Math.abs(random.gaussian(0.04, 0.01)));
    const timestamp = device.hasClock ? new Date(atMs).toISOString() : 0;
    if (device.form === "flat") {
      const quantities = device.kind === "environment" ? climate : { ...climate, vibration };
      return { device_id: device.id, timestamp, sequence_no: sequence, ...quantities, ...system };
    }
    const sensors =
      device.kind === "environment"
        ? { ...climate, vibration }
        : { motion: random.uniform() < 0.05, light_state: true, vibration };
    return {
      device_id: device.id,
      user_id: "simulator",
      timestamp,
      sequence_number: sequence,
      sensors,
      system: { ...system, wifi_signal: Math.round(random.gaussian(-62, 3)) },
    };
  }
}

/** Numbers that measure nothing. */
const NO_QUANTITY: ReadonlySet<string> = new Set(["timestamp", "sequence_no", "sequence_number", "message_rate"]);

/** The quantities of a payload as text, whichever form it has: what tells the reading that was sent from another one. */
export function fingerprintOf(payload: JsonObject): string {
  const parts = [payload, payload.sensors, payload.system].filter(isJsonObject);
  const quantities = parts.flatMap((part) =>
    Object.entries(part).filter(([name, value]) => typeof value === "number" && !NO_QUANTITY.has(name)),
  );
  return quantities
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join(" ");
}
