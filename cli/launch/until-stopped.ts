import { CommandFailure } from "../failure.js";

/**
 * Waits for Ctrl-C, SIGTERM or the failure of a part, then stops everything.
 *
 * @throws {CommandFailure} when a part ended by itself.
 */
export async function untilStopped(failed: Promise<string>, stop: () => Promise<void>): Promise<void> {
  let signalled: (() => void) | undefined;
  const signal = new Promise<undefined>((resolve) => {
    signalled = () => resolve(undefined);
  });
  const onSignal = () => signalled?.();
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  const reason = await Promise.race([signal, failed]);
  await stop();
  process.off("SIGINT", onSignal);
  process.off("SIGTERM", onSignal);
  if (reason !== undefined) throw new CommandFailure(reason);
}
