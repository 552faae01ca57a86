import type { FirewallAct, FirewallName } from "../common/firewall.js";
import type { FirewallBackend } from "./backend.js";
import type { Block, FirewallClock } from "./block-book.js";
import type { BlockKeeper } from "./block-keeper.js";
import type { SavedBook } from "./book-file.js";
import { type ComparisonRules, compare, type Difference, ENDING_SEC } from "./compare.js";
import { actEntry } from "./ledger-entries.js";
import type { Target } from "./target.js";

const LONGEST_SEC = 86_400;

export interface ReconcileOptions {
  keeper: BlockKeeper;
  clock: FirewallClock;
  maxBlocked: number;
  /** Whether a target must not be blocked as things are now. @throws {Error} where that cannot be known. */
  isNever(target: Target): boolean;
}

function rulesOf({ keeper, maxBlocked, isNever }: ReconcileOptions): ComparisonRules {
  const room = Math.max(0, maxBlocked - keeper.book.size);
  return { isNever, withoutEnd: keeper.offenders.firstStep, longest: LONGEST_SEC, room };
}

function adopt({ keeper, clock }: ReconcileOptions, { found }: Difference): Block[] {
  const blocks = found.map(({ target, seconds }) => ({
    ...{ target, seconds, since: clock.now(), endsAt: clock.monotonic() + seconds * 1000, strikes: 1 },
    ...{ kind: "adopted", alert: "", reason: "found in the firewall and not in the book" },
  }));
  for (const block of blocks) keeper.book.add(block);
  return blocks;
}

/**
 * Ends what another firewall held: blocks of a dry run were never real, and real ones must not outlast a switch to a
 * dry run.
 *
 * @returns what ended, and why the other firewall could not be emptied.
 */
export async function leavePrevious(
  { keeper, clock }: ReconcileOptions,
  saved: SavedBook,
  open: (name: FirewallName) => FirewallBackend,
): Promise<{ acts: FirewallAct[]; problem?: string }> {
  const isReal = saved.firewall !== "dry-run";
  const acts = saved.blocks.map((block) => ({
    ...keeper.act("switched-off", block),
    ...{ firewall: saved.firewall, dryRun: !isReal, at: clock.now() },
  }));
  await keeper.ledger.recordEventually(isReal ? acts.map(actEntry) : []);
  if (!isReal) return { acts };
  keeper.offenders.restore(saved.offenders);
  try {
    await open(saved.firewall).remove();
    return { acts };
  } catch (error) {
    const problem = `the blocks of ${saved.firewall} could not be taken out: ${(error as Error).message}`;
    return { acts, problem };
  }
}

/**
 * Brings firewall and book together after a start: what is blocked and not in the book is taken into it with the time it
 * has left, or goes where it must not be blocked; what is in the book and not blocked is blocked for the time it has left.
 *
 * @throws {Error} where the firewall cannot be written.
 */
export async function settle(options: ReconcileOptions, saved: SavedBook | undefined): Promise<FirewallAct[]> {
  const { keeper, isNever } = options;
  const { book } = keeper;
  for (const block of saved?.blocks ?? []) book.add(block);
  if (saved) keeper.offenders.restore(saved.offenders);
  const listed = (await keeper.backend.list()) ?? [];
  const acts = await forget(options, book.ended(), "expired");
  acts.push(
    ...(await forget(
      options,
      book.all().filter(({ target }) => isNever(target)),
      "protected",
    )),
  );
  // What ended while nobody looked is still in a firewall without time-outs; the rules that follow leave it out.
  const isOver = new Set(acts.map((act) => act.target));
  const others = listed.filter(({ target }) => !isOver.has(target.text));
  const difference = compare(others, book.all(), rulesOf(options));
  const adopted = adopt(options, difference);
  const changed = [
    ...difference.missing.map((block) => keeper.act("restored", block)),
    ...adopted.map((block) => keeper.act("adopted", block)),
  ];
  await keeper.ledger.recordEventually(changed.map(actEntry));
  keeper.save();
  await keeper.backend.install(keeper.timed(book.all()));
  return [...acts, ...changed];
}

/** Ends blocks that are not in the rules that will be written next. */
async function forget({ keeper, clock }: ReconcileOptions, blocks: Block[], action: "expired" | "protected") {
  const acts = blocks.map((block) => keeper.act(action, block));
  await keeper.ledger.recordEventually(acts.map(actEntry));
  for (const { target, strikes } of blocks) {
    keeper.book.remove(target.text);
    keeper.offenders.note(target.text, strikes, clock.now());
  }
  return acts;
}

/**
 * Looks after the firewall while we run. Rules that were flushed are written again with all blocks; a block that somebody
 * took out of otherwise whole rules stays out, because that was a decision.
 *
 * @throws {Error} where the firewall cannot be read or written.
 */
export async function maintain(options: ReconcileOptions) {
  const { keeper, isNever } = options;
  const { book, backend } = keeper;
  const acts = await keeper.end(
    book.all().filter(({ target }) => isNever(target)),
    "protected",
  );
  const health = await backend.health();
  const listed = health.intact ? await backend.list() : undefined;
  if (!listed) {
    const restored = book.all().map((block) => keeper.act("restored", block));
    await keeper.ledger.recordEventually(restored.map(actEntry));
    await backend.install(keeper.timed(book.all()));
    return { acts: [...acts, ...restored], dropped: health.dropped };
  }
  const difference = compare(listed, book.all(), rulesOf(options));
  const gone = difference.missing.filter((block) => book.remaining(block) > ENDING_SEC);
  acts.push(...(await keeper.end(gone, "removed")));
  await backend.unblock(difference.foreign);
  const adopted = adopt(options, difference);
  const adoptions = adopted.map((block) => keeper.act("adopted", block));
  await keeper.ledger.recordEventually(adoptions.map(actEntry));
  for (const { target, seconds, kind } of keeper.timed(adopted)) await backend.block(target, seconds, kind);
  if (adopted.length > 0) keeper.save();
  return { acts: [...acts, ...adoptions], dropped: health.dropped };
}
