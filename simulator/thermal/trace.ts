import { HvacController } from "../../lib/hvac/hvac-controller.js";
import type { HvacOptions } from "../../lib/hvac/hvac-options.js";
import { type PlantOptions, type PlantSample, ThermalPlant } from "./plant.js";
import { rackName } from "./wire.js";

export interface TraceOptions extends PlantOptions {
  /** Simulated seconds. */
  durationSec: number;
  /** Time of the start, milliseconds since the Unix epoch. */
  startMs?: number;
  /** Controller of the zone; default: a 60 s filter on the mean of the raw sensors. */
  hvac?: Partial<HvacOptions>;
}

export interface TracePoint {
  timestampMs: number;
  sample: PlantSample;
}

/** Midnight at the start of an ordinary Monday. */
const DEFAULT_START_MS = Date.UTC(2026, 0, 5);

/**
 * Closed-loop operation without a broker, as fast as the machine allows: the controller regulates the mean of the raw
 * sensors. For training data and benchmarks.
 */
export function* thermalTrace(options: TraceOptions): Generator<TracePoint> {
  const plant = new ThermalPlant(options);
  const controller = new HvacController({ filterTauSec: 60, ...options.hvac });
  const startMs = options.startMs ?? DEFAULT_START_MS;
  const steps = Math.round(options.durationSec * plant.rateHz);
  let commandC: number | undefined;
  for (let step = 1; step <= steps; step++) {
    const sample = plant.step(commandC);
    const timestampMs = startMs + Math.round((step * 1000) / plant.rateHz);
    const mean = sample.racks.reduce((sum, rack) => sum + rack.measuredC, 0) / sample.racks.length;
    commandC = controller.accept(timestampMs, mean).command?.supply_temperature_C;
    yield { timestampMs, sample };
  }
}

/** CSV of what the sensors say, in pieces of one sampling instant: `timestamp,device_id,temperature_C`. */
export function* traceCsv(options: TraceOptions): Generator<string> {
  yield "timestamp,device_id,temperature_C\n";
  for (const { timestampMs, sample } of thermalTrace(options)) {
    const timestamp = new Date(timestampMs).toISOString();
    let lines = "";
    for (const [index, rack] of sample.racks.entries()) {
      lines += `${timestamp},${rackName(index)},${rack.measuredC}\n`;
    }
    yield lines;
  }
}
