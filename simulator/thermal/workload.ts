import type { SeededRandom } from "../../lib/common/seeded-random.js";

/** Four load levels with exponential holding times: how busy a rack of batch jobs is. */
export const LEVELS = [0.1, 0.35, 0.65, 0.95] as const;
export const MEAN_HOLDING_SEC = 12 * 60;
export const FLUCTUATION_SD = 0.04;
export const FLUCTUATION_TAU_SEC = 60;

/** Utilisation of one rack over time, 0 (idle) .. 1 (full); moves on a grid of one second. */
export class Workload {
  private level: number;
  private levelEndsIn: number;
  private fluctuation: number;

  constructor(private readonly random: SeededRandom) {
    this.level = random.integer(LEVELS.length);
    this.levelEndsIn = random.exponential(MEAN_HOLDING_SEC);
    this.fluctuation = random.gaussian(0, FLUCTUATION_SD);
  }

  /** Index of the present level, 0..3: what the thermal side-channel attacker wants to know. */
  get levelIndex(): number {
    return this.level;
  }

  get utilisation(): number {
    return Math.min(1, Math.max(0, (LEVELS[this.level] as number) + this.fluctuation));
  }

  advanceOneSecond(): void {
    this.levelEndsIn -= 1;
    if (this.levelEndsIn <= 0) {
      // Another level, each of the three others equally likely: holding times stay exponential.
      this.level = (this.level + 1 + this.random.integer(LEVELS.length - 1)) % LEVELS.length;
      this.levelEndsIn = this.random.exponential(MEAN_HOLDING_SEC);
    }
    this.fluctuation = nextOrnsteinUhlenbeck(this.fluctuation, FLUCTUATION_SD, FLUCTUATION_TAU_SEC, 1, this.random);
  }
}

/**
 * Exact step of a stationary Ornstein-Uhlenbeck process around 0.
 *
 * @param sd stationary standard deviation, in the unit of `value`.
 * @param tauSec correlation time in seconds.
 */
export function nextOrnsteinUhlenbeck(
  value: number,
  sd: number,
  tauSec: number,
  stepSec: number,
  random: SeededRandom,
): number {
  const decay = Math.exp(-stepSec / tauSec);
  return value * decay + sd * Math.sqrt(1 - decay * decay) * random.gaussian();
}
