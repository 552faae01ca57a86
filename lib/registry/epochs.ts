import { isJsonObject } from "../common/json.js";
import { parseTimestamp } from "../common/timestamp.js";
import { RegistryProblem, refuseOthers } from "./problem.js";

export const FIRST_EPOCH = 1;
/** Five digits: with the longest name of a device they fit into a COSE key identifier. */
export const MAX_EPOCH = 99_999;
/** Two keys of one device are accepted at most this long. */
export const MAX_OVERLAP_MS = 86_400_000;

/** A key epoch that ends. */
export interface EndingEpoch {
  epoch: number;
  /** From then on it is refused; ISO 8601 UTC. */
  until: string;
}

/** The key epochs of a device as they are in the file. */
export interface EpochEntry {
  /** Number of its present key; 1 unless given. */
  epoch?: number;
  previousEpoch?: EndingEpoch;
}

/** Whether a value numbers a device's key: 1 to 99,999. */
export function isEpoch(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= FIRST_EPOCH && (value as number) <= MAX_EPOCH;
}

function timeOf(until: unknown, where: string): string {
  try {
    if (typeof until === "string") return new Date(parseTimestamp(until)).toISOString();
  } catch {
    // Not a time: as below.
  }
  throw new RegistryProblem(`${where}: until is not ISO 8601 text`);
}

/** @throws {RegistryProblem} naming the entry. */
export function readEpochs({ epoch, previousEpoch }: Record<string, unknown>, where: string): EpochEntry {
  if (epoch !== undefined && !isEpoch(epoch)) {
    throw new RegistryProblem(`${where}: epoch is not a whole number from ${FIRST_EPOCH} to ${MAX_EPOCH}`);
  }
  const own = epoch === undefined ? {} : { epoch };
  if (previousEpoch === undefined) return own;
  if (!isJsonObject(previousEpoch)) {
    throw new RegistryProblem(`${where}: previousEpoch is not an object with epoch and until`);
  }
  refuseOthers(previousEpoch, ["epoch", "until"], `${where}.previousEpoch`);
  const { epoch: previous, until } = previousEpoch;
  if (!isEpoch(previous) || previous >= (epoch ?? FIRST_EPOCH)) {
    throw new RegistryProblem(`${where}: previousEpoch.epoch is not below its epoch`);
  }
  return { ...own, previousEpoch: { epoch: previous, until: timeOf(until, `${where}.previousEpoch`) } };
}

/**
 * The next key epoch of a device.
 *
 * @param now milliseconds since the Unix epoch.
 * @param overlap for how long the present key stays good, milliseconds, at most a day; 0 ends it at once.
 * @throws {RegistryProblem} after the last epoch, or for a longer overlap.
 */
export function nextEpoch(
  entry: EpochEntry,
  now: number,
  overlap: number,
): Required<Pick<EpochEntry, "epoch">> & EpochEntry {
  if (!(overlap >= 0 && overlap <= MAX_OVERLAP_MS)) throw new RegistryProblem("the overlap is more than 24 hours");
  const present = entry.epoch ?? FIRST_EPOCH;
  if (present >= MAX_EPOCH) throw new RegistryProblem(`epoch ${MAX_EPOCH} is the last one`);
  const until = new Date(now + overlap).toISOString();
  return { epoch: present + 1, ...(overlap > 0 && { previousEpoch: { epoch: present, until } }) };
}
