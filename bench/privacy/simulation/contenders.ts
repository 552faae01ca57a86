import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { calibrate } from "../../../lib/privacy/calibration.js";
import { DEFAULT_SETTINGS, type MaskSettings } from "../../../lib/privacy/settings.js";
import { DEFAULT_PLANT_PARAMETERS } from "../../../simulator/thermal/parameters.js";
import {
  exactZoneMean,
  independentNoise,
  MaskPublisher,
  maskedReadings,
  type Publisher,
  perReading,
  seedRule,
} from "./publishers.js";

export interface ContenderContext {
  seed: number;
  /** Whether the forest of the seed's rule calls a reading an anomaly. */
  isAnomaly: (reading: number) => boolean;
}

/** A way to publish a room's temperatures. */
export interface Contender {
  name: string;
  /** One line for people. */
  description: string;
  /** What it publishes and its subscriber regulates: one rack's inlet or the mean of the zone. */
  about: "rack" | "zone";
  /** Seconds from one value to the next; undefined: one value per reading. */
  intervalSec?: number;
  /** Filter of its subscriber's controller, seconds. */
  filterTauSec: number;
  /** Variance of what the attacker must take for noise in one value about what it is about, K^2. */
  noiseVariance: number;
  /** Also attacked by one who reads the sensors of all other racks. */
  attackedWithOthers?: boolean;
  make(context: ContenderContext): Publisher;
}

const { sensorSdK, sensorStepK } = DEFAULT_PLANT_PARAMETERS;
const SENSOR_VARIANCE = sensorSdK ** 2 + sensorStepK ** 2 / 12;
/** Time constants of the subscriber's filter: for a stream of readings, and as recommended for interval means. */
const FAST_SEC = 60;
const SLOW_SEC = 600;

export const ZONE_RACKS = DEFAULT_SETTINGS.groupSize;

/** An ordinary day: nothing but doors, two an hour. */
export const QUIET_EVENTS = { door: 2 } as const;

export const RAW = "raw";
export const SEED_RULE = "seed-rule";
export const SEED_SAMPLE = "gaussian-sample";
export const OURS = "ours";
/** The default stream under attack by somebody who reads the sensors of all other racks. */
export const OTHERS_KNOWN = "ours-others-known";

function streamSeed(seed: number, purpose: number): SeededRandom {
  return new SeededRandom(seed * 1024 + purpose);
}

function readings(
  name: string,
  description: string,
  sigmaK: number,
  make: Contender["make"],
  filterTauSec = FAST_SEC,
): Contender {
  return { name, description, about: "rack", filterTauSec, noiseVariance: SENSOR_VARIANCE + sigmaK ** 2, make };
}

function masked(name: string, description: string, change: Partial<MaskSettings>): Contender {
  const settings: MaskSettings = { ...DEFAULT_SETTINGS, ...change };
  const isZone = settings.groupSize > 1;
  return {
    name,
    description,
    about: isZone ? "zone" : "rack",
    intervalSec: settings.interval,
    filterTauSec: SLOW_SEC,
    noiseVariance: calibrate(settings).sigma ** 2,
    make: () => new MaskPublisher(settings, settings.groupSize),
  };
}

const SAMPLE_SETTINGS: MaskSettings = { ...DEFAULT_SETTINGS, mechanism: "gaussian-sample", groupSize: 1, minGroup: 1 };
const QUANTIZE_STEP_K = 1;
const SINGLE = { groupSize: 1, minGroup: 1 } as const;

/** Everyone who takes part, the raw stream first. */
export const contenders: readonly Contender[] = [
  readings(RAW, "one sensor as it is", 0, () => perReading((reading) => reading)),
  readings(
    SEED_RULE,
    "first system: noise of 0.02 K, anomalies replaced, extremes exact",
    0.02,
    ({ seed, isAnomaly }) => seedRule(isAnomaly, streamSeed(seed, 1)),
  ),
  readings(SEED_SAMPLE, "the mask's gaussian-sample: noise of 0.02 K per reading", 0.02, () =>
    maskedReadings(SAMPLE_SETTINGS),
  ),
  readings("noise-1K", "independent noise of 1 K per reading", 1, ({ seed }) =>
    independentNoise(1, streamSeed(seed, 2)),
  ),
  readings("noise-10K", "independent noise of 10 K per reading", 10, ({ seed }) =>
    independentNoise(10, streamSeed(seed, 3)),
  ),
  readings("quantize-1K", "the mask's quantize: whole kelvins", QUANTIZE_STEP_K / Math.sqrt(12), () =>
    maskedReadings({ ...SAMPLE_SETTINGS, mechanism: "quantize", step: QUANTIZE_STEP_K }),
  ),
  masked("single-2K", "the mask on one rack: sensitivity 2 K, epsilon 5", SINGLE),
  masked("single-0.5K", "the mask on one rack: sensitivity 0.5 K, epsilon 5", { ...SINGLE, sensitivity: 0.5 }),
  {
    name: "zone-mean",
    description: "mean of the zone per minute, without noise",
    about: "zone",
    intervalSec: DEFAULT_SETTINGS.interval,
    filterTauSec: FAST_SEC,
    noiseVariance: SENSOR_VARIANCE / (ZONE_RACKS * DEFAULT_SETTINGS.interval),
    make: () => exactZoneMean(DEFAULT_SETTINGS.interval),
  },
  { ...masked(OURS, "the mask's default: zone of 8, sensitivity 2 K, epsilon 5", {}), attackedWithOthers: true },
];

/** @throws {RangeError} for a name that nobody has. */
export function contenderNamed(name: string): Contender {
  const found = contenders.find((contender) => contender.name === name);
  if (!found) throw new RangeError(`there is no contender ${name}`);
  return found;
}
