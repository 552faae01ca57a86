/** A simulation in real time. */
export interface RunningSimulation {
  /** Resolves when the simulation has ended and its connections and files are closed. */
  ended: Promise<void>;
  /** Ends it; resolves like `ended`. */
  stop(): Promise<void>;
}
