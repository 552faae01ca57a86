import { DEFAULT_PLANT_PARAMETERS } from "../../../simulator/thermal/parameters.js";
import { FLUCTUATION_SD, FLUCTUATION_TAU_SEC, LEVELS, MEAN_HOLDING_SEC } from "../../../simulator/thermal/workload.js";
import { BASE_SUPPLY_C } from "../simulation/room.js";
import type { LinearGaussianModel } from "./kalman.js";
import { addTo, identity, type Matrix, matrixOf, multiply, multiplyTransposed, zeros } from "./matrix.js";

const { idleKw, peakKw, serverTauSec, airTauSec, airRiseK, recirculation, disturbanceSdK, disturbanceTauSec } =
  DEFAULT_PLANT_PARAMETERS;

/** Mean and variance of the load levels, each a quarter of the time. */
export const MEAN_LOAD = LEVELS.reduce((sum, level) => sum + level, 0) / LEVELS.length;
const LEVEL_VARIANCE = LEVELS.reduce((sum, level) => sum + (level - MEAN_LOAD) ** 2, 0) / LEVELS.length;
/**
 * A jump goes to any of the other levels alike, so the correlation falls as exp(-t n / ((n - 1) holding time)): to the
 * second order the load is an Ornstein-Uhlenbeck process of this time constant.
 */
const LEVEL_TAU_SEC = (MEAN_HOLDING_SEC * (LEVELS.length - 1)) / LEVELS.length;

/** Kelvin at the inlet per kilowatt of heat, and of the whole range of the load. */
const KELVIN_PER_KW = (recirculation * airRiseK) / peakKw;
const KELVIN_PER_LOAD = KELVIN_PER_KW * (peakKw - idleKw);

/** Mean of an inlet under the base supply, degrees Celsius: what the model's zero stands for. */
export const MEAN_INLET_C = BASE_SUPPLY_C + KELVIN_PER_KW * idleKw + KELVIN_PER_LOAD * MEAN_LOAD;

/** States: load level, its fluctuation (both 0..1), heat (kelvin), disturbance, mixed air, its running mean. */
const [LEVEL, FLUCTUATION, HEAT, DISTURBANCE, AIR, MEAN] = [0, 1, 2, 3, 4, 5] as const;
const SIZE = 6;

export interface ThermalModelOptions {
  /** Seconds per step of the model, a whole number. */
  stepSec: number;
  /** Steps whose mean air temperature one observation is about. */
  window: number;
  /** Racks that the observation averages over. */
  racks: number;
  observationVariance: number;
}

/** One second of the plant, in the order in which it computes. */
function oneSecond(racks: number, windowSec: number): { transition: Matrix; noise: Matrix } {
  const kept = (tauSec: number) => Math.exp(-1 / tauSec);
  const [level, fluctuation, heat, disturbance, air] = [
    LEVEL_TAU_SEC,
    FLUCTUATION_TAU_SEC,
    serverTauSec,
    disturbanceTauSec,
    airTauSec,
  ].map(kept) as [number, number, number, number, number];
  const intoHeat = (1 - heat) * KELVIN_PER_LOAD;
  const newHeat = [intoHeat * level, intoHeat * fluctuation, heat, 0, 0, 0];
  const newAir = newHeat.map((weight) => (1 - air) * weight);
  newAir[DISTURBANCE] = (1 - air) * disturbance;
  newAir[AIR] = air;
  const transition = matrixOf([
    [level, 0, 0, 0, 0, 0],
    [0, fluctuation, 0, 0, 0, 0],
    newHeat,
    [0, 0, 0, disturbance, 0, 0],
    newAir,
    newAir.map((weight, state) => weight / windowSec + (state === MEAN ? 1 : 0)),
  ]);
  // How the fresh noise of level, fluctuation and disturbance enters the states of the same second.
  const enters = zeros(SIZE, 3);
  const sources = [
    { column: 0, state: LEVEL, gain: intoHeat },
    { column: 1, state: FLUCTUATION, gain: intoHeat },
    { column: 2, state: DISTURBANCE, gain: 1 },
  ];
  for (const { column, state, gain } of sources) {
    const intoAir = (1 - air) * gain;
    enters.values[state * 3 + column] = 1;
    if (state !== DISTURBANCE) enters.values[HEAT * 3 + column] = gain;
    enters.values[AIR * 3 + column] = intoAir;
    enters.values[MEAN * 3 + column] = intoAir / windowSec;
  }
  const variances = [
    LEVEL_VARIANCE * (1 - level ** 2),
    FLUCTUATION_SD ** 2 * (1 - fluctuation ** 2),
    disturbanceSdK ** 2 * (1 - disturbance ** 2),
  ];
  const scaled = zeros(SIZE, 3);
  for (let i = 0; i < enters.values.length; i++) {
    scaled.values[i] = (enters.values[i] as number) * ((variances[i % 3] as number) / racks);
  }
  return { transition, noise: multiplyTransposed(scaled, enters) };
}

function compose(
  second: { transition: Matrix; noise: Matrix },
  seconds: number,
  first: Matrix,
): { transition: Matrix; noise: Matrix } {
  let transition = first;
  const noise = zeros(SIZE, SIZE);
  for (let i = 0; i < seconds; i++) {
    transition = multiply(second.transition, transition);
    const carried = multiplyTransposed(multiply(second.transition, noise), second.transition);
    noise.values.set(carried.values);
    addTo(noise, second.noise);
  }
  return { transition, noise };
}

const SETTLING_STEPS = 2000;

/**
 * The plant as a linear Gaussian model, exact but for the load's levels and their limits (which are taken to be
 * Gaussian with the same mean, variance and correlation in time). Racks are alike and independent, so what their mean
 * tells about one of them is what it tells about their mean: the same states with a variance divided by their number.
 *
 * Step kind 0 starts a new window of the running mean, kind 1 goes on in it.
 */
export function thermalModel(options: ThermalModelOptions): LinearGaussianModel {
  const { stepSec, window, racks, observationVariance } = options;
  const second = oneSecond(racks, stepSec * window);
  const reset = identity(SIZE);
  reset.values[MEAN * SIZE + MEAN] = 0;
  const steps = [compose(second, stepSec, reset), compose(second, stepSec, identity(SIZE))];
  const covariance = zeros(SIZE, SIZE);
  const [fresh] = steps as [(typeof steps)[number]];
  for (let i = 0; i < SETTLING_STEPS; i++) {
    const next = multiplyTransposed(multiply(fresh.transition, covariance), fresh.transition);
    covariance.values.set(addTo(next, fresh.noise).values);
  }
  const observe = new Float64Array(SIZE);
  observe[MEAN] = 1;
  return { steps, observe, observationVariance, initialCovariance: covariance };
}

/** The load that a smoothed state stands for, 0..1. */
export function loadsOf(states: Float64Array): Float64Array {
  return Float64Array.from({ length: states.length / SIZE }, (_, step) => {
    const at = step * SIZE;
    return MEAN_LOAD + (states[at + LEVEL] as number) + (states[at + FLUCTUATION] as number);
  });
}
