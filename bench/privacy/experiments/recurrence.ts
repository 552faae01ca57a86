import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { calibrate } from "../../../lib/privacy/calibration.js";
import { normalCdf } from "../../../lib/privacy/normal.js";
import { DEFAULT_SETTINGS, type MaskSettings } from "../../../lib/privacy/settings.js";
import { ThermalPlant } from "../../../simulator/thermal/plant.js";
import { cholesky, solveCholesky, zeros } from "../attackers/matrix.js";
import { areaUnder, rocCurve } from "../attackers/metrics.js";

export const NIGHTS = [1, 7, 30, 90] as const;

/** What the mask is told to protect in this experiment. */
export interface RecurrenceCase {
  name: string;
  settings: MaskSettings;
}

const SINGLE = { groupSize: 1, minGroup: 1 } as const;

export const RECURRENCE_CASES: readonly RecurrenceCase[] = [
  { name: "single-2K", settings: { ...DEFAULT_SETTINGS, ...SINGLE } },
  { name: "single-0.5K", settings: { ...DEFAULT_SETTINGS, ...SINGLE, sensitivity: 0.5 } },
  { name: "ours", settings: DEFAULT_SETTINGS },
];

export interface RecurrenceResult {
  name: string;
  /** Largest change that the job makes in an interval mean, summed over the zone's sensors, kelvin. */
  peakK: number;
  /** Response of the stream to the job against its noise, one night. */
  mu: number;
  /** For each of {@link NIGHTS}: area under the ROC curve, simulated and as the bound. */
  auc: number[];
  bound: number[];
}

const JOB_SEC = 600;
/** The job and its thermal tail. */
const WINDOW_SEC = 1800;

function intervalMeans(plant: ThermalPlant, seconds: number, intervalSec: number): Float64Array {
  const means = new Float64Array(Math.floor(seconds / intervalSec));
  for (let second = 0; second < means.length * intervalSec; second++) {
    const { racks } = plant.step();
    let sum = 0;
    for (const { inletC } of racks) sum += inletC;
    const at = Math.floor(second / intervalSec);
    means[at] = (means[at] as number) + sum / (racks.length * intervalSec);
  }
  return means;
}

/** What the job, idle to full for ten minutes, adds to its own inlet, interval by interval, kelvin. */
export function jobResponse(intervalSec: number): Float64Array {
  const parameters = { disturbanceSdK: 0 };
  const job = (_: number, second: number) => (second < JOB_SEC ? 1 : 0);
  // A room starts in the steady state of its first load, so the job begins one interval late.
  const late = (rack: number, second: number) => (second < intervalSec ? 0 : job(rack, second - intervalSec));
  const seconds = WINDOW_SEC + intervalSec;
  const run = (workload: (rack: number, second: number) => number) =>
    intervalMeans(new ThermalPlant({ seed: 1, racks: 1, workload, parameters }), seconds, intervalSec).slice(1);
  const without = run(() => 0);
  return run(late).map((value, i) => value - (without[i] as number));
}

/**
 * Nights without the job, side by side: the rack itself idle, the others of its zone as busy as ever. Rows of interval
 * means around their own mean.
 */
function quietNights(seed: number, nights: number, { groupSize, interval }: MaskSettings): Float64Array[] {
  const seconds = nights * WINDOW_SEC;
  const idle = intervalMeans(new ThermalPlant({ seed, racks: 1, workload: () => 0 }), seconds, interval);
  const others = groupSize - 1;
  const busy =
    others > 0 ? intervalMeans(new ThermalPlant({ seed: seed + 1, racks: others }), seconds, interval) : idle;
  const zone = idle.map((value, i) => (value + others * (busy[i] as number)) / groupSize);
  const mean = zone.reduce((sum, value) => sum + value, 0) / zone.length;
  const length = WINDOW_SEC / interval;
  return Array.from({ length: nights }, (_, night) =>
    zone.slice(night * length, (night + 1) * length).map((value) => value - mean),
  );
}

/** Weights of the best linear detector: the response, whitened by the noise and by what else goes on in the room. */
function detector(response: Float64Array, nights: readonly Float64Array[], sigma: number): Float64Array {
  const size = response.length;
  const covariance = zeros(size, size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      let sum = 0;
      for (const night of nights) sum += (night[i] as number) * (night[j] as number);
      covariance.values[i * size + j] = sum / nights.length + (i === j ? sigma ** 2 : 0);
    }
  }
  return solveCholesky(cholesky(covariance), Float64Array.from(response));
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

export interface RecurrenceOptions {
  seed: number;
  /** Simulated nights to draw from, and folded series of each kind that the detector is tried on. */
  nights?: number;
  trials?: number;
}

/**
 * A job that runs at the same time every night, and an attacker who lays the nights on top of each other: how well is
 * it told from no job at all? Beside it the bound of Gaussian differential privacy: no attacker has a larger area
 * under the curve than Phi(mu sqrt(N) / sqrt(2)) (Dong, Roth, Su, JRSS-B 2022), whatever else is known of the room.
 */
export function recurrence({ name, settings }: RecurrenceCase, options: RecurrenceOptions): RecurrenceResult {
  const { seed, nights: count = 600, trials = 4000 } = options;
  const { sigma } = calibrate(settings);
  const ownResponse = jobResponse(settings.interval);
  const response = ownResponse.map((value) => value / settings.groupSize);
  const nights = quietNights(seed, count, settings);
  const weights = detector(response, nights.slice(0, count >> 1), sigma);
  // What one night contributes to the statistic: the room's part is drawn from nights that the detector has not seen.
  const rooms = nights.slice(count >> 1).map((night) => dot(weights, night));
  const noise = sigma * Math.sqrt(dot(weights, weights));
  const shift = dot(weights, response);
  const random = new SeededRandom(seed);
  const statistic = (folded: number) => {
    let sum = 0;
    for (let night = 0; night < folded; night++) sum += rooms[random.integer(rooms.length)] as number;
    return sum + random.gaussian(0, noise * Math.sqrt(folded));
  };
  const mu = Math.sqrt(dot(response, response)) / sigma;
  return {
    name,
    peakK: Math.max(...ownResponse),
    mu,
    auc: NIGHTS.map((folded) => {
      const scores = Float64Array.from({ length: 2 * trials }, (_, i) => statistic(folded) + (i % 2) * folded * shift);
      return areaUnder(
        rocCurve(
          scores,
          Uint8Array.from(scores.keys(), (i) => i % 2),
        ),
      );
    }),
    bound: NIGHTS.map((folded) => normalCdf((mu * Math.sqrt(folded)) / Math.SQRT2)),
  };
}
