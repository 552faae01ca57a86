export interface PiControllerOptions {
  /** Desired temperature, degrees Celsius. */
  setpointC: number;
  /** Supply temperature at the set point before the integral has learnt anything, degrees Celsius. */
  baseSupplyC: number;
  minSupplyC: number;
  maxSupplyC: number;
  /** Kelvin of supply air per kelvin of error beyond the dead band. */
  kp: number;
  /** Kelvin of supply air per kelvin of error and second. */
  ki: number;
  /** Error in kelvin within which the proportional part rests. */
  deadBandK: number;
  /** A pause longer than this counts as this long for the integral, seconds. */
  maxStepSec: number;
}

/**
 * PI control of the supply air: `clip(base - kp * gap(e) - ki * integral(e), min, max)` with `e = filtered - setpoint`.
 *
 * Within the dead band the proportional part is zero and only the slow integral trims (gap action), so noise does not
 * move the actuator and yet no offset stays. Beyond it the proportional part grows from zero: no jump at the edge.
 * Anti-windup by conditional integration: at a limit the integral only moves back from it (Astrom and Hagglund,
 * "Advanced PID Control", 2006, section 3.5).
 */
export class PiController {
  private integral = 0;

  /** @throws {RangeError} for settings that make no controller. */
  constructor(private readonly options: PiControllerOptions) {
    const { setpointC, minSupplyC, maxSupplyC, baseSupplyC, kp, ki, deadBandK, maxStepSec } = options;
    const settings = { setpointC, minSupplyC, maxSupplyC, baseSupplyC, kp, ki, deadBandK, maxStepSec };
    for (const [name, value] of Object.entries(settings)) {
      if (!Number.isFinite(value)) throw new RangeError(`${name} is not a number`);
    }
    if (!(minSupplyC < maxSupplyC)) throw new RangeError("the minimum supply temperature must be below the maximum");
    if (baseSupplyC < minSupplyC || baseSupplyC > maxSupplyC) {
      throw new RangeError("the base supply temperature must lie within the supply range");
    }
    if (kp < 0 || ki < 0 || deadBandK < 0) throw new RangeError("kp, ki and the dead band must not be negative");
    if (maxStepSec <= 0) throw new RangeError("maxStepSec must be positive");
  }

  /**
   * @param filteredC filtered inlet temperature, degrees Celsius.
   * @param stepSec seconds since the call before.
   * @returns supply temperature command, degrees Celsius.
   */
  update(filteredC: number, stepSec: number): number {
    const { setpointC, minSupplyC, maxSupplyC, ki, maxStepSec } = this.options;
    const error = filteredC - setpointC;
    const step = Math.min(Math.max(0, stepSec), maxStepSec);
    const before = this.unlimited(error, this.integral);
    const pushesOut = (before <= minSupplyC && error > 0) || (before >= maxSupplyC && error < 0);
    if (!pushesOut) this.integral += ki * error * step;
    return Math.min(maxSupplyC, Math.max(minSupplyC, this.unlimited(error, this.integral)));
  }

  private unlimited(error: number, integral: number): number {
    const { baseSupplyC, kp, deadBandK } = this.options;
    const beyond = Math.sign(error) * Math.max(0, Math.abs(error) - deadBandK);
    return baseSupplyC - kp * beyond - integral;
  }
}
