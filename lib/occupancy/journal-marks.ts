import type { Connection } from "./connection.js";
import type { Journal } from "./journal.js";

/**
 * A journal file that came back from a backup counts on from where it was then, and the database would take what it gets
 * for written already: such a one becomes a new journal. What waited in it is written again, and counts once.
 */
export async function checkMark({ book }: Connection, journal: Journal): Promise<void> {
  const written = (await book.recent()).journals[journal.id] ?? 0;
  if (written > journal.lastAtOpening) journal.renew();
}

/** Nobody comes back with the name of a journal in memory. */
export async function forgetMark({ book }: Connection, { id, isDurable }: Journal): Promise<void> {
  if (isDurable || (await book.recent()).journals[id] === undefined) return;
  await book.change(({ journals }) => {
    delete journals[id];
  });
}
