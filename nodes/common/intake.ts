import type { Absence } from "../../lib/common/security.js";

/** `msg.intake`: which record of which gateway-in a message comes from. Survives the clones that Node-RED makes. */
export interface IntakeMark {
  /** Name of the journal, 16 hex digits. */
  journal: string;
  /** Number of the record in it; the same when it is sent again after a restart. */
  n: number;
  /** Gateway clock at reception, milliseconds since the Unix epoch; also the same. */
  at: number;
  /** The gateway's last absence, where the record came so soon after it that it may have waited for its end. */
  away?: Absence;
}

/** What a journal is told. */
export interface IntakeSink {
  readonly id: string;
  /** Lowest number that is not finished, or the next one. */
  readonly firstUnfinished?: number;
  finished(n: number): void;
}

/** By journal. Module-level, since a message cannot carry functions through a clone. */
const sinks = new Map<string, IntakeSink>();

/** Makes a journal known to those who finish its messages; returns how to end that. */
export function registerIntake(sink: IntakeSink): () => void {
  sinks.set(sink.id, sink);
  return () => {
    if (sinks.get(sink.id) === sink) sinks.delete(sink.id);
  };
}

/** Where a message comes from; undefined for one that no gateway-in sent. */
export function intakeOf(msg: object): IntakeMark | undefined {
  const mark = (msg as { intake?: Partial<IntakeMark> }).intake;
  if (typeof mark !== "object" || mark === null) return undefined;
  const { journal, n, at, away } = mark;
  if (typeof journal !== "string" || !/^[0-9a-f]{16}$/.test(journal)) return undefined;
  if (!Number.isSafeInteger(n) || typeof at !== "number") return undefined;
  return { journal, n: n as number, at, ...(away && { away }) };
}

/** Lowest record of a journal that may be sent again; undefined while the journal is not open. */
export function firstUnfinished(journal: string): number | undefined {
  return sinks.get(journal)?.firstUnfinished;
}

/**
 * Says that a message's way has ended durably: it is on another disk queue, or it was refused and that is on record.
 * From then on a restart does not send it again. Without `msg.intake` nothing happens.
 */
export function finishIntake(msg: object): void {
  const mark = intakeOf(msg);
  if (mark) sinks.get(mark.journal)?.finished(mark.n);
}
