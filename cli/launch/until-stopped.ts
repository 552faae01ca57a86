import { setTimeout as sleep } from "node:timers/promises";
import { CommandFailure } from "../failure.js";

/** What runs until it is stopped. */
export interface StoppableRun {
  /** Resolves with a reason when a part ends by itself. */
  failed?: Promise<string>;
  stop: () => Promise<void>;
  /** Tells the user that everything runs. */
  announce: () => void;
}

/**
 * A terminal's Ctrl-C reaches all processes in it. A part that has only just begun may die of it before it hears signals,
 * and be missed before we have heard ours.
 */
const SIGNAL_MAY_FOLLOW_MS = 1000;

/**
 * Waits for Ctrl-C, SIGTERM or the failure of a part, then stops everything. Who reads the announcement may send the
 * signal at once, so it is made when signals are already heard.
 *
 * @throws {CommandFailure} when a part ended by itself.
 */
export async function untilStopped({ failed, stop, announce }: StoppableRun): Promise<void> {
  let signalled: (() => void) | undefined;
  const signal = new Promise<undefined>((resolve) => {
    signalled = () => resolve(undefined);
  });
  const onSignal = () => signalled?.();
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  announce();
  let reason = await (failed ? Promise.race([signal, failed]) : signal);
  if (reason !== undefined) reason = await Promise.race([signal, sleep(SIGNAL_MAY_FOLLOW_MS, reason)]);
  await stop();
  process.off("SIGINT", onSignal);
  process.off("SIGTERM", onSignal);
  if (reason !== undefined) throw new CommandFailure(reason);
}
