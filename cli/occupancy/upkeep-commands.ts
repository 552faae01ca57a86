import { Command } from "commander";
import { loadKeyFile, rotateKeyFile } from "../../lib/envelope/key-file.js";
import { MAX_KEYS } from "../../lib/envelope/key-ring.js";
import { monthsAgo } from "../../lib/occupancy/retention.js";
import type { RotationProgress } from "../../lib/occupancy/rotation.js";
import { UsageFailure } from "../failure.js";
import { ProgressBar } from "../progress.js";
import { orFail, within } from "../simulate/arguments.js";
import { keyFileOf, type StoreFlags, withOpenStore, withStore } from "./store-options.js";

/** One bar for each month's cells, roll-ups and tags. */
class MonthProgress {
  private bar: ProgressBar | undefined;
  private title = "";

  update({ what, epoch, done, of }: RotationProgress): void {
    const title = epoch === "000000" ? "access points" : `${epoch} ${what}`;
    if (title !== this.title) this.bar = new ProgressBar(title, of);
    this.title = title;
    if (done < of) this.bar?.update(done);
    else this.bar?.finish();
  }
}

/** `redoubt occupancy rotate`: a new key, and all months under it. */
export function rotateCommand(): Command {
  type Flags = StoreFlags & { continue?: boolean };
  return withStore(
    new Command("rotate").description("put a new key first in the key file and re-encrypt all months under it"),
  )
    .option("--continue", "no new key: go on where a run was interrupted")
    .action(async (flags: Flags) => {
      const keyFile = keyFileOf(flags);
      // Only where the old key opens the database: a wrong one is no reason for a new one.
      await withOpenStore(flags, {}, async () => {});
      if (!flags.continue) {
        const keep = (count: number) => Math.min(MAX_KEYS - 1, count);
        await orFail(() => rotateKeyFile(keyFile, keep(loadKeyFile(keyFile, ["aes-256"]).all.length)));
      }
      const progress = new MonthProgress();
      const rotated = await withOpenStore(flags, {}, (store) => store.rotate((at) => progress.update(at)));
      if (flags.json) console.log(JSON.stringify({ rotated, keyFile }));
      else console.log(`${rotated} tables re-encrypted; ${keyFile} still holds the old keys, which backups need`);
    });
}

/** `redoubt occupancy forget`: erases one device. */
export function forgetCommand(): Command {
  return withStore(new Command("forget").description("make every record of a device a dummy, for ever"))
    .requiredOption("--mac <address>", "of the device")
    .action(async (flags: StoreFlags & { mac: string }) => {
      const { sessions, rows } = await withOpenStore(flags, {}, (store) => store.erase(flags.mac));
      if (flags.json) console.log(JSON.stringify({ sessions, rows }));
      else console.log(`${sessions} sessions erased in ${rows} rows`);
    });
}

/** `redoubt occupancy retention`: which months there are, and no more of the old ones. */
export function retentionCommand(): Command {
  type Flags = StoreFlags & { keep?: number; before?: string; dropTags?: boolean };
  return withStore(new Command("retention").description("show the months, or drop old ones or the tags"))
    .option("--keep <months>", "drop all but so many, this one among them", within(1, 1200, true))
    .option("--before <month>", "drop the months before this one, YYYYMM")
    .option("--drop-tags", "drop the static tags of all months, and write no more")
    .action(async (flags: Flags) => {
      if (flags.keep !== undefined && flags.before !== undefined)
        throw new UsageFailure("give --keep or --before, not both");
      const before = flags.keep === undefined ? flags.before : monthsAgo(flags.keep - 1, Date.now());
      const { dropped, months, tags } = await withOpenStore(flags, {}, async (store) => {
        const tags = flags.dropTags ? await store.dropTags() : false;
        const gone = before === undefined ? [] : await store.dropBefore(before);
        return { dropped: gone, months: await store.epochs(), tags };
      });
      if (flags.json) {
        console.log(JSON.stringify({ dropped, months, ...(flags.dropTags ? { tagsDropped: tags } : {}) }));
        return;
      }
      if (flags.dropTags) console.log(tags ? "tags dropped" : "there were no tags");
      for (const month of dropped) console.log(`${month}  dropped`);
      for (const month of months) console.log(month);
    });
}

/** `redoubt occupancy verify`: opens every row. */
export function verifyCommand(): Command {
  return withStore(
    new Command("verify").description("open every row and compare their number with what was written"),
  ).action(async (flags: StoreFlags) => {
    const tables = await withOpenStore(flags, {}, (store) => store.verify());
    if (flags.json) console.log(JSON.stringify({ ok: true, tables }));
    else for (const { table, rows } of tables) console.log(`${table}  ${rows} rows`);
  });
}
