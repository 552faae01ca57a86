import { type ReleaseNoise, sampleNoise, windowNoise } from "./calibration.js";
import { DiscreteGaussian } from "./discrete-gaussian.js";
import type { MechanismName } from "./mechanism-name.js";
import type { MaskSettings } from "./settings.js";

/** One value to publish, and what publishing it costs. */
export interface MaskedValue {
  /** In grid units. */
  grid: bigint;
  /** zCDP cost; Infinity where the value is not protected at all. */
  rho: number;
  /** Standard deviation of the noise in it, kelvin. */
  sigma: number;
}

/** A way to turn a value on the grid into one that may be published. */
export interface Mechanism {
  readonly name: MechanismName;
  /** Whether it publishes one value per group and interval, or one per reading. */
  readonly timing: "interval" | "reading";
  /** Whether any value leaves at all. */
  readonly hasValues: boolean;
  /**
   * @param exact the true value, in grid units.
   * @param live sensors that went into it.
   */
  mask(exact: bigint, live: number): MaskedValue;
  /** The cost of {@link mask} before it is called, so that it can be booked first. */
  cost(live: number): number;
}

/** Adds discrete Gaussian noise; the samplers are made once per number of live sensors. */
class GaussianMechanism implements Mechanism {
  readonly hasValues = true;
  private readonly samplers = new Map<number, { noise: ReleaseNoise; gaussian: DiscreteGaussian }>();

  constructor(
    readonly name: MechanismName,
    readonly timing: "interval" | "reading",
    private readonly noiseFor: (live: number) => ReleaseNoise,
    private readonly mostLive: number,
  ) {}

  mask(exact: bigint, live: number): MaskedValue {
    const { noise, gaussian } = this.sampler(live);
    return { grid: exact + gaussian.sample(), rho: noise.rho, sigma: noise.sigma };
  }

  cost(live: number): number {
    return this.sampler(live).noise.rho;
  }

  private sampler(live: number): { noise: ReleaseNoise; gaussian: DiscreteGaussian } {
    const counted = Math.min(live, this.mostLive);
    let sampler = this.samplers.get(counted);
    if (!sampler) {
      const noise = this.noiseFor(counted);
      sampler = { noise, gaussian: new DiscreteGaussian(noise.sigmaSquared) };
      this.samplers.set(counted, sampler);
    }
    return sampler;
  }
}

/** Publishes each reading as it is on the grid of published values, which is coarse for `quantize`. */
function withoutNoise(name: MechanismName): Mechanism {
  return {
    name,
    timing: "reading",
    hasValues: true,
    mask: (exact) => ({ grid: exact, rho: Number.POSITIVE_INFINITY, sigma: 0 }),
    cost: () => Number.POSITIVE_INFINITY,
  };
}

const makers: Record<MechanismName, (settings: MaskSettings) => Mechanism> = {
  "gaussian-window": (settings) =>
    new GaussianMechanism("gaussian-window", "interval", (live) => windowNoise(settings, live), settings.groupSize),
  "gaussian-sample": (settings) => {
    const noise = sampleNoise(settings);
    return new GaussianMechanism("gaussian-sample", "reading", () => noise, 1);
  },
  quantize: () => withoutNoise("quantize"),
  passthrough: () => withoutNoise("passthrough"),
  "alarm-only": () => ({
    name: "alarm-only",
    timing: "interval",
    hasValues: false,
    mask() {
      throw new Error("alarm-only publishes no values");
    },
    cost: () => 0,
  }),
};

/** @throws {RangeError} if the settings cannot be calibrated. */
export function createMechanism(settings: MaskSettings): Mechanism {
  return makers[settings.mechanism](settings);
}
