import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { contenderNamed, OURS, QUIET_EVENTS, RAW, ZONE_RACKS } from "../simulation/contenders.js";
import { runRoom } from "../simulation/run.js";

/** Noise per reading that averaging is tried on, kelvin. */
export const SIGMAS_K = [0.02, 0.5, 1, 2] as const;
/** Lengths of the average; the first is a single value. */
export const WINDOWS_SEC = [0, 10, 30, 60, 120, 300, 600] as const;

/** How well a centred moving average of a stream shows the true temperature of the first rack. */
export interface AveragingCurve {
  rateHz: number;
  /** Deviation of the independent noise on each reading, kelvin; undefined for the mask's default. */
  sigmaK?: number;
  /** Squared correlation for each of {@link WINDOWS_SEC}. */
  r2: number[];
}

function squaredCorrelation(a: Float64Array, b: Float64Array): number {
  const mean = (x: Float64Array) => x.reduce((sum, value) => sum + value, 0) / x.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [da, db] = [(a[i] as number) - meanA, (b[i] as number) - meanB];
    ab += da * db;
    aa += da * da;
    bb += db * db;
  }
  return ab ** 2 / (aa * bb);
}

/** Centred moving average over `width` values; shorter at the ends. */
export function movingAverage(values: Float64Array, width: number): Float64Array {
  const sums = new Float64Array(values.length + 1);
  for (let i = 0; i < values.length; i++) sums[i + 1] = (sums[i] as number) + (values[i] as number);
  return values.map((_, i) => {
    const low = Math.max(0, i - (width >> 1));
    const high = Math.min(values.length, i - (width >> 1) + width);
    return ((sums[high] as number) - (sums[low] as number)) / (high - low);
  });
}

export interface AveragingOptions {
  seed: number;
  rateHz: number;
  durationSec: number;
}

/** One room, regulated by one raw sensor and, on its own, by the mask's default stream. */
function tracesOf({ seed, rateHz, durationSec }: AveragingOptions) {
  const steps = durationSec * rateHz;
  const readings = new Float64Array(steps);
  const truth = new Float64Array(steps);
  const maskedTruth = new Float64Array(steps);
  const masked = new Float64Array(steps);
  let releasedTo = 0;
  runRoom([contenderNamed(RAW), contenderNamed(OURS)], {
    ...{ seed, rateHz, durationSec, racks: ZONE_RACKS, events: QUIET_EVENTS, isAnomaly: () => false },
    onStep: ({ contender, step, published, rackC }) => {
      if (contender === RAW) {
        readings[step - 1] = published;
        truth[step - 1] = rackC;
        return;
      }
      maskedTruth[step - 1] = rackC;
      if (Number.isNaN(published)) return;
      masked.fill(published, releasedTo, step);
      releasedTo = step;
    },
  });
  return { readings, truth, masked, maskedTruth };
}

/** The averaging attack on independent noise, and on the mask's default stream. */
export function averagingCurves(options: AveragingOptions): AveragingCurve[] {
  const { seed, rateHz } = options;
  const { readings, truth, masked, maskedTruth } = tracesOf(options);
  const curve = (values: Float64Array, of: Float64Array) =>
    WINDOWS_SEC.map((seconds) => squaredCorrelation(movingAverage(values, Math.max(1, seconds * rateHz)), of));
  return [
    ...SIGMAS_K.map((sigmaK) => {
      const random = new SeededRandom(seed * 64 + sigmaK * 10);
      return {
        rateHz,
        sigmaK,
        r2: curve(
          readings.map((value) => value + random.gaussian(0, sigmaK)),
          truth,
        ),
      };
    }),
    { rateHz, r2: curve(masked, maskedTruth) },
  ];
}
