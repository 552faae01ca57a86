/** How a drill is to run. */
export interface DrillOptions {
  /** Counts for CI instead of the full ones. */
  reduced: boolean;
  /** Of everything random in it; printed, so that a finding can be repeated. */
  seed: number;
  /** Prints a line about how far it is. */
  progress(line: string): void;
}

/** A long run with a verdict: what a test asserts, with more of it. */
export interface Drill {
  name: string;
  /** One line: what is done to what, full and reduced. */
  summary: string;
  /** @returns the figures for the closing line. @throws what failed. */
  run(options: DrillOptions): Promise<string>;
}
