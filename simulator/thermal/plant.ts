import { SeededRandom } from "../../lib/common/seeded-random.js";
import { type EventRates, EventSchedule, heightAt, type ThermalEvent } from "./events.js";
import { DEFAULT_PLANT_PARAMETERS, type PlantParameters } from "./parameters.js";
import { nextOrnsteinUhlenbeck, Workload } from "./workload.js";

export interface PlantOptions {
  /** Equal seeds give equal rooms. The workloads and events are the same at every `rateHz`. */
  seed: number;
  /** Racks in the zone, 1..64; all of them breathe the air of one CRAC. */
  racks?: number;
  /** Steps (and sensor samples) per second: a whole number, 1 or 10 as a rule. */
  rateHz?: number;
  /** `true`: the default rates; or events per hour by kind; `false`: a quiet room. */
  events?: boolean | Partial<EventRates>;
  /** Events at fixed times, for tests and demonstrations. */
  scripted?: readonly ThermalEvent[];
  /** Utilisation (0..1) of a rack at a time instead of the random workload. */
  workload?: (rack: number, timeSec: number) => number;
  parameters?: Partial<PlantParameters>;
}

/** The truth about one rack, and what its sensor says. */
export interface RackSample {
  /** 0 (idle) .. 1 (full). */
  utilisation: number;
  powerKw: number;
  /** True inlet air temperature in degrees Celsius. */
  inletC: number;
  /** Sensor reading in degrees Celsius: noise added, quantised. */
  measuredC: number;
}

export interface PlantSample {
  /** Seconds since the start of the simulation. */
  timeSec: number;
  /** What the CRAC was told, and the air that it really supplies. */
  commandC: number;
  supplyC: number;
  racks: RackSample[];
  events: ThermalEvent[];
}

interface Rack {
  workload: Workload | undefined;
  disturbanceRandom: SeededRandom;
  sensorRandom: SeededRandom;
  utilisation: number;
  /** Heat that leaves the servers, kW; lags behind the power. */
  heatKw: number;
  disturbanceK: number;
  mixedC: number;
}

/** Unrelated streams of one seed: every rack and purpose draws from its own, so that one more rack moves no other. */
function streamOf(seed: number, rack: number, purpose: number): SeededRandom {
  return new SeededRandom(seed * 0x1_0000 + rack * 16 + purpose);
}

/**
 * A row of racks that share one air conditioner (CRAC): workload, heat, recirculation, inlet temperature, sensor.
 *
 * First-order lags for the servers' thermal mass, the air's mixing and the CRAC's actuator; a fraction of a rack's
 * exhaust comes back to its own inlet (supply heat index: Sharma, Bash, Patel, AIAA-2002-3091). Each lag is stepped
 * exactly for inputs constant over the step, so 1 Hz and 10 Hz describe the same room.
 */
export class ThermalPlant {
  readonly parameters: PlantParameters;
  readonly rateHz: number;
  private readonly racks: Rack[];
  private readonly events: EventSchedule;
  private readonly workloadOf: ((rack: number, timeSec: number) => number) | undefined;
  private readonly alphaServer: number;
  private readonly alphaAir: number;
  private readonly alphaCrac: number;
  private steps = 0;
  private commandC: number;
  private supplyC: number;

  /** @throws {RangeError} for a number of racks or a rate that makes no room. */
  constructor(options: PlantOptions) {
    const count = options.racks ?? 8;
    this.rateHz = options.rateHz ?? 1;
    if (!Number.isInteger(count) || count < 1 || count > 64) throw new RangeError("racks must be 1..64");
    if (!Number.isInteger(this.rateHz) || this.rateHz < 1 || this.rateHz > 100) {
      throw new RangeError("the rate must be a whole number of 1..100 Hz");
    }
    this.parameters = { ...DEFAULT_PLANT_PARAMETERS, ...options.parameters };
    const stepSec = 1 / this.rateHz;
    this.alphaServer = 1 - Math.exp(-stepSec / this.parameters.serverTauSec);
    this.alphaAir = 1 - Math.exp(-stepSec / this.parameters.airTauSec);
    this.alphaCrac = 1 - Math.exp(-stepSec / this.parameters.cracTauSec);
    this.commandC = this.parameters.initialSupplyC;
    this.supplyC = this.parameters.initialSupplyC;
    this.workloadOf = options.workload;
    const eventRandom = streamOf(options.seed, 0xfff, 0);
    this.events = new EventSchedule(options.events ?? false, count, eventRandom, options.scripted);
    this.racks = Array.from({ length: count }, (_, index) => this.newRack(options.seed, index));
  }

  private newRack(seed: number, index: number): Rack {
    const workload = this.workloadOf ? undefined : new Workload(streamOf(seed, index, 1));
    const disturbanceRandom = streamOf(seed, index, 2);
    const rack: Rack = {
      workload,
      disturbanceRandom,
      sensorRandom: streamOf(seed, index, 3),
      utilisation: workload?.utilisation ?? this.workloadOf?.(index, 0) ?? 0,
      heatKw: 0,
      disturbanceK: disturbanceRandom.gaussian(0, this.parameters.disturbanceSdK),
      mixedC: 0,
    };
    // Start in the steady state of the first workload: a run needs no warm-up.
    rack.heatKw = this.powerOf(rack.utilisation);
    rack.mixedC = this.mixTarget(rack, this.supplyC);
    return rack;
  }

  private powerOf(utilisation: number): number {
    const { idleKw, peakKw } = this.parameters;
    return idleKw + (peakKw - idleKw) * utilisation;
  }

  /** Where the inlet air would settle. */
  private mixTarget(rack: Rack, supplyC: number): number {
    const { recirculation, airRiseK, peakKw } = this.parameters;
    return supplyC + (recirculation * airRiseK * rack.heatKw) / peakKw + rack.disturbanceK;
  }

  private advanceOneSecond(timeSec: number): void {
    this.events.advanceOneSecond(timeSec);
    const { disturbanceSdK, disturbanceTauSec } = this.parameters;
    for (const [index, rack] of this.racks.entries()) {
      rack.workload?.advanceOneSecond();
      rack.utilisation = rack.workload?.utilisation ?? this.workloadOf?.(index, timeSec) ?? 0;
      rack.disturbanceK = nextOrnsteinUhlenbeck(
        rack.disturbanceK,
        disturbanceSdK,
        disturbanceTauSec,
        1,
        rack.disturbanceRandom,
      );
    }
  }

  /**
   * Lets 1/rateHz seconds pass.
   *
   * @param commandC supply temperature the CRAC is told to reach, degrees Celsius; `undefined` keeps the last command
   *   (22.5 before the first).
   */
  step(commandC?: number): PlantSample {
    if (commandC !== undefined && Number.isFinite(commandC)) {
      this.commandC = Math.min(this.parameters.maxSupplyC, Math.max(this.parameters.minSupplyC, commandC));
    }
    if (this.steps % this.rateHz === 0) this.advanceOneSecond(this.steps / this.rateHz);
    this.steps++;
    const timeSec = this.steps / this.rateHz;
    const active = this.events.activeAt(timeSec);

    this.supplyC += this.alphaCrac * (this.commandC - this.supplyC);
    const racks = this.racks.map((rack, index) => this.stepRack(rack, index, timeSec, active));
    return { timeSec, commandC: this.commandC, supplyC: this.supplyC, racks, events: active };
  }

  private stepRack(rack: Rack, index: number, timeSec: number, active: readonly ThermalEvent[]): RackSample {
    const powerKw = this.powerOf(rack.utilisation);
    rack.heatKw += this.alphaServer * (powerKw - rack.heatKw);
    let supplyEventK = 0;
    let draughtK = 0;
    for (const event of active) {
      if (!event.racks.includes(index)) continue;
      // A failing CRAC warms the supply air, which then mixes; a door or a gust is a draught over the sensor itself.
      if (event.kind === "cooling-failure" || event.kind === "near-miss") supplyEventK += heightAt(event, timeSec);
      else draughtK += heightAt(event, timeSec);
    }
    rack.mixedC += this.alphaAir * (this.mixTarget(rack, this.supplyC + supplyEventK) - rack.mixedC);
    const inletC = rack.mixedC + draughtK;
    const { sensorSdK, sensorStepK } = this.parameters;
    const noisy = inletC + rack.sensorRandom.gaussian(0, sensorSdK);
    const measuredC = sensorStepK > 0 ? Math.round(noisy / sensorStepK) * sensorStepK : noisy;
    return { utilisation: rack.utilisation, powerKw, inletC, measuredC };
  }
}
