import { Command } from "commander";
import { isoTime, type PeriodFlags, periodOf, withPeriod } from "./period.js";
import { type StoreFlags, withOpenStore, withStore } from "./store-options.js";

type Flags = StoreFlags & PeriodFlags & { mac: string };

/** `redoubt occupancy presence`: whether and when a device was there. */
export function presenceCommand(): Command {
  return withPeriod(withStore(new Command("presence").description("whether a device was there in a period, and when")))
    .requiredOption("--mac <address>", "of the device")
    .action(async (flags: Flags) => {
      const { from, to } = periodOf(flags);
      const answer = await withOpenStore(flags, {}, (store) => store.presence(flags.mac, from, to));
      const intervals = answer.intervals.map((interval) => ({
        from: isoTime(interval.from),
        to: isoTime(interval.to),
        ap: interval.ap,
        isOpen: interval.isOpen,
      }));
      if (flags.json) {
        const { rounds, labels, rows } = answer.counts;
        const asked = { rounds, labels, rows };
        console.log(
          JSON.stringify({ present: answer.present, from: isoTime(from), to: isoTime(to), intervals, asked }),
        );
        return;
      }
      console.log(answer.present ? "yes" : "no");
      for (const { from: start, to: end, ap, isOpen } of intervals) {
        console.log(`${start}  ${isOpen ? "still there".padEnd(end.length) : end}  ${ap}`);
      }
    });
}
