import { type Command, InvalidArgumentError, Option } from "commander";
import { Rejection } from "../../lib/common/rejection.js";
import { readMoment } from "../../lib/occupancy/moment.js";
import { LocalTime } from "../../lib/occupancy/wifi-log/local-time.js";
import { UsageFailure } from "../failure.js";

export interface PeriodFlags {
  from: string;
  to: string;
  timeZone: string;
}

export function withPeriod(command: Command): Command {
  return withTimeZone(command)
    .requiredOption("--from <time>", "2026-11-21, 2026-11-21T09:00, with seconds or a zone; or Unix seconds")
    .requiredOption("--to <time>", "first moment after the period");
}

export function withTimeZone(command: Command): Command {
  return command.addOption(
    new Option("--time-zone <zone>", "IANA zone of times that name none")
      .argParser((text) => {
        try {
          return new LocalTime(text).timeZone;
        } catch (error) {
          throw new InvalidArgumentError((error as Error).message);
        }
      })
      .default("UTC"),
  );
}

function timeOf(name: string, text: string, local: LocalTime): number {
  try {
    return readMoment(text, name, local);
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
  }
  throw new UsageFailure(`--${name} ${text}: a time like 2026-11-21 or 2026-11-21T09:00, please`);
}

/** @throws {UsageFailure} */
export function periodOf({ from, to, timeZone }: PeriodFlags): { from: number; to: number } {
  const local = new LocalTime(timeZone);
  const period = { from: timeOf("from", from, local), to: timeOf("to", to, local) };
  if (period.from >= period.to) throw new UsageFailure("--from must be before --to");
  return period;
}

/** ISO 8601 in UTC, to the second. */
export function isoTime(time: number): string {
  return new Date(time * 1000).toISOString().replace(".000Z", "Z");
}
