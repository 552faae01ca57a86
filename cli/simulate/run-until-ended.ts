import type { RunningSimulation } from "../../simulator/common/running.js";

/** Waits for the end of a simulation; Ctrl-C, SIGTERM and the death of a parent process end it in order. */
export async function runUntilEnded(simulation: RunningSimulation): Promise<void> {
  const stop = () => {
    // What goes wrong while stopping reaches the caller through `ended`.
    simulation.stop().catch(() => undefined);
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  process.on("disconnect", stop);
  // A channel to the parent that is only listened to must not keep this process alive.
  process.channel?.unref();
  try {
    await simulation.ended;
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
    process.off("disconnect", stop);
  }
}
