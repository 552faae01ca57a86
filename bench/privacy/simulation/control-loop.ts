import { EwmaFilter } from "../../../lib/hvac/ewma-filter.js";
import { DEFAULT_HVAC_OPTIONS } from "../../../lib/hvac/hvac-options.js";
import { PiController } from "../../../lib/hvac/pi-controller.js";
import { SupplyPath } from "./room.js";

/**
 * The subscriber's controller and the air it commands: the filter and the PI controller of hvac-control on the
 * published values, the plant's supply path behind them. Everything in it follows from the published stream, so an
 * attacker computes the same {@link effectK}.
 */
export class ControlLoop {
  /** Sum of all moves of the command, kelvin. */
  travelK = 0;
  private readonly filter: EwmaFilter;
  private readonly controller = new PiController(DEFAULT_HVAC_OPTIONS);
  private readonly supply: SupplyPath;
  private commandC = DEFAULT_HVAC_OPTIONS.baseSupplyC;

  constructor(rateHz: number, filterTauSec: number) {
    this.filter = new EwmaFilter({ tauSec: filterTauSec });
    this.supply = new SupplyPath(rateHz);
  }

  /** What the air conditioner adds to every inlet, kelvin. */
  get effectK(): number {
    return this.supply.effectK;
  }

  /** Lets one step of the room pass under the command in force. */
  step(): number {
    return this.supply.step(this.commandC);
  }

  /** Takes a published value, degrees Celsius. */
  receive(timestampMs: number, value: number): void {
    const { filtered, stepSec } = this.filter.update(timestampMs, value);
    const command = Math.round(this.controller.update(filtered, stepSec) * 100) / 100;
    this.travelK += Math.abs(command - this.commandC);
    this.commandC = command;
  }
}
