import type { AttackName } from "./scenario-names.js";

/** One time window of one scenario as it ran. */
export interface Episode {
  number: number;
  scenario: AttackName;
  /** Milliseconds since the Unix epoch. */
  begin: number;
  end: number;
}
