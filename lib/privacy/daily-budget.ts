import { rhoFromEpsilon } from "./accounting.js";
import type { BudgetRecord, Spent } from "./budget-record.js";
import type { MaskSettings } from "./settings.js";

/**
 * What the releases of a group may cost in one UTC day: `epsilon` at the settings' delta, as the zCDP budget it
 * corresponds to, because that adds up.
 */
export class DailyBudget {
  readonly epsilon: number;
  readonly rho: number;

  constructor(epsilon: number, delta: number) {
    this.epsilon = epsilon;
    this.rho = rhoFromEpsilon(epsilon, delta);
  }

  static of({ budgetDay, delta }: MaskSettings): DailyBudget | undefined {
    return budgetDay === undefined ? undefined : new DailyBudget(budgetDay, delta);
  }

  /** Whether a release of this cost stays within the day; after an unprotected one, none does. */
  covers(today: Readonly<Spent>, rho: number): boolean {
    return today.unprotected === 0 && today.rho + rho <= this.rho;
  }

  /** The same for an account that may have none yet. */
  allows(record: Readonly<BudgetRecord> | undefined, rho: number): boolean {
    return record ? this.covers(record.today, rho) : rho <= this.rho;
  }

  /** How many releases of this cost a day allows after `reserved` was spent. */
  releases(rho: number, reserved = 0): number {
    return Math.max(0, Math.floor((this.rho - reserved) / rho));
  }
}
