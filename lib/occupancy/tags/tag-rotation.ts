import { type OpenLimit, staysOf } from "../answers.js";
import { type Cell, DAY, epochSpan, SCOPE } from "../cell.js";
import type { Connection } from "../connection.js";
import { StoreFailure } from "../failure.js";
import { NO_EPOCH } from "../keys.js";
import { decodeSession } from "../record.js";
import { formatMac } from "../session.js";
import type { TagState } from "../state.js";
import { type EndedSession, tagInserts } from "./tag-rows.js";
import { allTags } from "./tag-store.js";

/** Access points whose day is read in one transaction. */
const AT_ONCE = 20;

/**
 * Makes all tags anew under the first master, from the cells: a tag cannot be opened. Meanwhile who writes sessions writes
 * both, and the database counts by the old ones. A killed run begins again.
 *
 * @returns whether there was something to do.
 */
export async function rotateTags(
  connection: Connection,
  limit: OpenLimit,
  onProgress: (progress: { epoch: string; done: number; of: number }) => void,
): Promise<boolean> {
  const { book, tags } = connection;
  const before = await book.fresh();
  if (!before.tags || (before.tags.key === book.masters.primary && !before.tags.moving)) return false;
  const abandoned = before.tags.moving;
  const months = Object.keys(before.epochs).filter((epoch) => epoch !== NO_EPOCH);
  const generation = Math.max(...allTags(before).map((each) => each.generation)) + 1;
  for (const month of months) await tags.createMonth(month, generation);
  await book.change((state) => {
    if (state.tags) state.tags.moving = { key: book.masters.primary, generation, months };
  });
  for (const month of abandoned?.months ?? []) await tags.dropMonth(month, (abandoned as TagState).generation);
  for (const month of months.sort()) {
    const { from, to } = epochSpan(month);
    for (let day = from / DAY; day < to / DAY; day++) {
      await tagDay(connection, { month, day, generation }, limit);
      onProgress({ epoch: month, done: day - from / DAY + 1, of: (to - from) / DAY });
    }
  }
  let old: TagState | undefined;
  await book.change((state) => {
    if (state.tags?.moving?.generation !== generation) return;
    old = state.tags;
    state.tags = state.tags.moving;
  });
  for (const month of old?.months ?? []) await tags.dropMonth(month, (old as TagState).generation);
  return true;
}

/** Writes the tags of the sessions that begin on a day, or came into the month with its first day. */
async function tagDay(
  { book, directory, driver, reader }: Connection,
  { month, day, generation }: { month: string; day: number; generation: number },
  limit: OpenLimit,
): Promise<void> {
  const names = await directory.all();
  for (let at = 0; at < names.length; at += AT_ONCE) {
    const some = names.slice(at, at + AT_ONCE);
    const cells = some.map((name): Cell => ({ scope: SCOPE.apDay, slot: day, id: Buffer.from(name) }));
    await driver.transaction(async (session) => {
      // Nobody appends or erases between reading and writing.
      const state = await book.locked(session);
      book.remember(state);
      const moving = state.tags?.moving;
      if (moving?.generation !== generation) {
        throw new StoreFailure("DATABASE", "somebody else makes the tags anew, or switched them off");
      }
      // Retention has dropped the month meanwhile.
      if (!moving.months.includes(month)) return;
      const ids = new Map(cells.map((cell, i) => [cell.id.toString("latin1"), some[i] as string]));
      const sessions = (await reader.read(cells)).flatMap(({ open, records }) => {
        const ap = ids.get(open.cell.id.toString("latin1")) as string;
        return staysOf(
          records.flatMap((record) => decodeSession(record) ?? []),
          limit,
        ).flatMap((stay): EndedSession[] => {
          const { isOpen, mac, start, end } = stay;
          const first = Math.max(Math.floor(start / DAY), epochSpan(month).from / DAY);
          if (isOpen || first !== day) return [];
          const device = Buffer.alloc(6);
          device.writeUIntBE(mac, 0, 6);
          return [{ mac: formatMac(device), ap, start, duration: end - start }];
        });
      });
      // A session over the month's border is written with each of its months.
      const own = { ...moving, months: [month] };
      for (const query of tagInserts(driver, book.masters, own, sessions)) await session.run(query);
    });
  }
}
