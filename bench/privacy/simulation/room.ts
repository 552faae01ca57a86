import type { EventRates } from "../../../simulator/thermal/events.js";
import { DEFAULT_PLANT_PARAMETERS } from "../../../simulator/thermal/parameters.js";
import { ThermalPlant } from "../../../simulator/thermal/plant.js";

const { cracTauSec, airTauSec, initialSupplyC, minSupplyC, maxSupplyC, sensorStepK } = DEFAULT_PLANT_PARAMETERS;

/** Supply temperature at which the room runs while nobody regulates it. */
export const BASE_SUPPLY_C = initialSupplyC;

export interface RoomOptions {
  seed: number;
  rateHz: number;
  racks: number;
  /** Mean events per hour by kind. */
  events: Partial<EventRates>;
}

/**
 * A room whose supply air stays at {@link BASE_SUPPLY_C}. The plant is linear and its racks share one air conditioner,
 * so what a controller changes is one temperature that adds to all of them (see {@link SupplyPath}): many controllers
 * can be tried on the same room, in one pass.
 */
export class OpenRoom {
  /** Rack by rack after the last {@link step}: load 0..1, air in degrees Celsius. */
  readonly utilisation: Float64Array;
  readonly inletC: Float64Array;
  /** What the sensors would say before they round. */
  readonly sensedC: Float64Array;
  private readonly plant: ThermalPlant;

  constructor(options: RoomOptions) {
    const { seed, rateHz, racks, events } = options;
    this.plant = new ThermalPlant({ seed, rateHz, racks, events, parameters: { sensorStepK: 0 } });
    this.utilisation = new Float64Array(racks);
    this.inletC = new Float64Array(racks);
    this.sensedC = new Float64Array(racks);
  }

  /** Mean of all inlets. */
  get meanInletC(): number {
    let sum = 0;
    for (const inlet of this.inletC) sum += inlet;
    return sum / this.inletC.length;
  }

  /** Lets 1/rateHz seconds pass. */
  step(): void {
    const { racks } = this.plant.step();
    for (let rack = 0; rack < racks.length; rack++) {
      const sample = racks[rack] as (typeof racks)[number];
      this.utilisation[rack] = sample.utilisation;
      this.inletC[rack] = sample.inletC;
      this.sensedC[rack] = sample.measuredC;
    }
  }
}

/** What a command to the air conditioner does to every inlet: the actuator's lag, then the mixing of the air. */
export class SupplyPath {
  /** Added to every inlet now, kelvin. */
  effectK = 0;
  private supplyK = 0;
  private readonly alphaCrac: number;
  private readonly alphaAir: number;

  constructor(rateHz: number) {
    this.alphaCrac = 1 - Math.exp(-1 / (rateHz * cracTauSec));
    this.alphaAir = 1 - Math.exp(-1 / (rateHz * airTauSec));
  }

  /** Lets one step pass under a command in degrees Celsius. */
  step(commandC: number): number {
    const command = Math.min(maxSupplyC, Math.max(minSupplyC, commandC));
    this.supplyK += this.alphaCrac * (command - BASE_SUPPLY_C - this.supplyK);
    this.effectK += this.alphaAir * (this.supplyK - this.effectK);
    return this.effectK;
  }
}

/** A sensor's reading: rounded to its step. */
export function sensorReading(exactC: number): number {
  return Math.round(exactC / sensorStepK) * sensorStepK;
}
