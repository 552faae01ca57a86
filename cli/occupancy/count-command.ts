import { Command } from "commander";
import { onFloor } from "../../lib/occupancy/floor.js";
import type { OccupancyStore } from "../../lib/occupancy/occupancy-store.js";
import { CommandFailure, UsageFailure } from "../failure.js";
import { isoTime, type PeriodFlags, periodOf, withPeriod } from "./period.js";
import { type StoreFlags, withOpenStore, withStore } from "./store-options.js";

type Flags = StoreFlags & PeriodFlags & { ap?: string[]; floor?: string; all?: boolean; rollup?: boolean };

interface Answer {
  count: number;
  accessPoints: number;
  isEstimate: boolean;
  from: string;
  to: string;
  /** Roll-ups that were never written: their devices are not counted. */
  missing?: number;
  asked: { rounds: number; labels: number; rows: number };
}

async function namesOf(store: OccupancyStore, flags: Flags): Promise<string[]> {
  const known = await store.accessPoints();
  if (flags.all) return known;
  if (flags.floor !== undefined) {
    const names = onFloor(known, flags.floor);
    if (names.length === 0) throw new CommandFailure(`no access point's name begins with "${flags.floor}"`);
    return names;
  }
  const unknown = (flags.ap ?? []).find((name) => !known.includes(name));
  // A slip of the pen would read as an empty room.
  if (unknown !== undefined) throw new CommandFailure(`no session was ever at the access point "${unknown}"`);
  return flags.ap ?? [];
}

async function countIn(store: OccupancyStore, flags: Flags): Promise<Answer> {
  const { from, to } = periodOf(flags);
  const names = await namesOf(store, flags);
  if (flags.rollup) {
    const answer = await store.estimate({ names }, from, to);
    const { rounds, labels, rows } = answer.counts;
    return {
      ...{ count: answer.estimate, accessPoints: answer.accessPoints, isEstimate: true },
      ...{ from: isoTime(answer.from), to: isoTime(answer.to), missing: answer.missing },
      asked: { rounds, labels, rows },
    };
  }
  const answer = await store.count({ names }, from, to);
  const { rounds, labels, rows } = answer.counts;
  return {
    ...{ count: answer.count, accessPoints: answer.accessPoints, isEstimate: false },
    ...{ from: isoTime(from), to: isoTime(to), asked: { rounds, labels, rows } },
  };
}

/** `redoubt occupancy count`: how many devices were somewhere. */
export function countCommand(): Command {
  return withPeriod(withStore(new Command("count").description("how many devices were somewhere in a period")))
    .option("--ap <name...>", "at one of these access points")
    .option("--floor <beginning>", "at one of those whose names begin like this")
    .option("--all", "anywhere")
    .option("--rollup", "estimate from roll-ups, by whole hours: faster, and the database learns less of the question")
    .action(async (flags: Flags) => {
      if ([flags.ap, flags.floor, flags.all].filter((value) => value !== undefined).length !== 1) {
        throw new UsageFailure("give one of --ap, --floor and --all");
      }
      const answer = await withOpenStore(flags, {}, (store) => countIn(store, flags));
      if (flags.json) {
        console.log(JSON.stringify(answer));
        return;
      }
      console.log(String(answer.count));
      if (answer.missing) console.error(`note: ${answer.missing} roll-ups are missing and were not counted`);
    });
}
