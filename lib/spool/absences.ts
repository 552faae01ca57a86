import { readFileSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { isJsonObject, parseJsonObject } from "../common/json.js";
import type { Absence } from "../common/security.js";

/** Ends of absences that are remembered: of records that are sent again after a restart too. */
const MOST_REMEMBERED = 16;
/** Messages may have waited for the end of an absence until so long after it, and for as long again as it took. */
const LEAST_WAIT_MS = 60_000;
const VERSION = 1;

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function isAbsence(value: unknown): value is Absence & Record<string, unknown> {
  return isJsonObject(value) && isTime(value.from) && isTime(value.to) && value.from <= value.to;
}

/**
 * When a gateway could hear nobody: from the last sign of its broker to the next connection, over restarts; and when it
 * could take nothing over, because its disk was full. Kept in a file that is not flushed: after a crash an absence seems
 * to have begun a few seconds earlier than it did, and after a loss of the file there was none.
 */
export class Absences {
  private absences: Absence[] = [];
  private heardAt: number | undefined;
  private savedAt: number | undefined;
  private saving: Promise<void> = Promise.resolve();

  /** @param path of the file. */
  constructor(private readonly path: string) {
    try {
      const { version, heardAt, absences } = parseJsonObject(readFileSync(path));
      if (version !== VERSION || !isTime(heardAt) || !Array.isArray(absences)) return;
      this.heardAt = heardAt;
      this.absences = absences.filter(isAbsence).map(({ from, to }) => ({ from, to }));
    } catch {
      // There is none yet, or it was cut: nothing is known of earlier times.
    }
  }

  /** The broker gave a sign of life. @param at milliseconds since the Unix epoch, as all times here. */
  heard(at: number): void {
    this.heardAt = at;
  }

  /** The gateway hears its broker and can write from now on, again or for the first time. */
  connected(at: number): void {
    const from = this.heardAt;
    this.heardAt = at;
    if (from === undefined || from >= at) return;
    this.absences = [...this.absences, { from, to: at }].slice(-MOST_REMEMBERED);
    void this.save();
  }

  /**
   * The absence for whose end a message may have waited that was received at `at`. Of several it is the longest: a
   * broker that is lost again for a second has not handed over yet what came in an hour.
   */
  before(at: number): Absence | undefined {
    let longest: Absence | undefined;
    for (const absence of this.absences) {
      const length = absence.to - absence.from;
      if (absence.to > at || at > absence.to + Math.max(LEAST_WAIT_MS, length)) continue;
      if (!longest || length >= longest.to - longest.from) longest = absence;
    }
    return longest;
  }

  /** Writes down what has changed; to be called every few seconds. Never fails: a gateway works without. */
  save(): Promise<void> {
    const { heardAt, absences } = this;
    if (heardAt === undefined || heardAt === this.savedAt) return this.saving;
    this.savedAt = heardAt;
    const temporary = `${this.path}.tmp`;
    this.saving = this.saving
      .then(() => writeFile(temporary, JSON.stringify({ version: VERSION, heardAt, absences }), { mode: 0o600 }))
      .then(() => rename(temporary, this.path))
      .catch(() => rm(temporary, { force: true }).catch(() => {}));
    return this.saving;
  }
}
