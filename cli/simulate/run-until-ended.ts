import type { RunningSimulation } from "../../simulator/common/running.js";
import { Interruption } from "./interruption.js";

/** Waits for the end of a simulation; Ctrl-C, SIGTERM and the death of a parent process end it in order. */
export async function runUntilEnded(simulation: RunningSimulation): Promise<void> {
  const interruption = new Interruption();
  interruption.requested.then(() => {
    // What goes wrong while stopping reaches the caller through `ended`.
    simulation.stop().catch(() => undefined);
  });
  try {
    await simulation.ended;
  } finally {
    interruption.dispose();
  }
}
