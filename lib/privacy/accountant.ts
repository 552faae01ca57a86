import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../common/files.js";
import { isIdentifier } from "../common/identifier.js";
import {
  addRunStart,
  type BudgetRecord,
  decodeBudget,
  encodeBudget,
  newRecord,
  type Spent,
  turnToDay,
} from "./budget-record.js";

/** The account on disk cannot be trusted, so nothing may be released. */
export class BudgetStateError extends Error {
  override readonly name = "BudgetStateError";
}

/** Where the account is kept. */
export interface BudgetStore {
  /** The text last written, or undefined if there never was one. */
  load(): string | undefined;
  /** Must not return before the text would survive a crash. */
  save(text: string): void;
}

/** A release to be booked. */
export interface Charge {
  group: string;
  /** zCDP cost; Infinity for a value that is not protected. */
  rho: number;
  /** Not a value but a run of sparse-vector alarms: one that starts, or one that goes on into a new day. */
  alarmRun?: "start" | "carried";
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}

/** One file per mask, written atomically with mode 0600. */
export function budgetFile(stateFolder: string, maskId: string): BudgetStore & { path: string } {
  const name = isIdentifier(maskId) ? maskId : createHash("sha256").update(maskId).digest("hex").slice(0, 32);
  const path = join(stateFolder, `mask-${name}.json`);
  return {
    path,
    load() {
      try {
        return readFileSync(path, "utf8");
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    save: (text) => writeFileAtomic(path, text),
  };
}

/** For traces that are masked once and recorded nowhere. */
export function budgetInMemory(): BudgetStore {
  return { load: () => undefined, save: () => undefined };
}

const DAY_MS = 86_400_000;
let knownDay = Number.NaN;
let knownText = "";

/** Formatting a date costs more than the rest of booking a release, and the day is nearly always the same. */
export function utcDay(milliseconds: number): string {
  const day = Math.floor(milliseconds / DAY_MS);
  if (day !== knownDay) {
    knownText = new Date(milliseconds).toISOString().slice(0, 10);
    knownDay = day;
  }
  return knownText;
}

function addRun(spent: Spent, rho: number): void {
  spent.alarmRuns = (spent.alarmRuns ?? 0) + 1;
  spent.rho += rho;
}

function add(spent: Spent, rho: number, releases = 1): void {
  spent.releases += releases;
  if (rho === Number.POSITIVE_INFINITY) spent.unprotected += releases;
  else spent.rho += rho * releases;
}

interface Lease {
  rho: number;
  day: string;
  left: number;
}

/**
 * Books every release before it leaves, per group: for the current UTC day and since the first one. What is on disk
 * is never less than what was published, whenever the process dies. Sums are of costs, so new settings continue
 * the old account.
 */
export class Accountant {
  private readonly records: Map<string, BudgetRecord>;
  private readonly leases = new Map<string, Lease>();

  /**
   * @param ahead releases to book at once. 1 writes for each; more writes less often where every reading is
   *   published, and a crash then counts up to that many too much, never too little.
   * @throws {BudgetStateError} if there is an account that cannot be read; it must not silently start at zero.
   */
  constructor(
    private readonly store: BudgetStore & { path?: string },
    private readonly ahead = 1,
  ) {
    try {
      const text = store.load();
      this.records = text === undefined ? new Map() : decodeBudget(text);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new BudgetStateError(
        `the privacy account ${store.path ?? ""} cannot be read (${reason}). Nothing is released, because what was ` +
          "already spent is unknown. To start a new account, move that file away and deploy again.",
      );
    }
  }

  /** Number of groups that ever released something. */
  get size(): number {
    return this.records.size;
  }

  has(group: string): boolean {
    return this.records.has(group);
  }

  /** A group's account as of `now`: on a day without a release yet, its day is empty. */
  record(group: string, now: number): Readonly<BudgetRecord> | undefined {
    const record = this.records.get(group);
    const day = utcDay(now);
    if (!record || record.day === day) return record;
    const turned = { ...record };
    turnToDay(turned, day);
    return turned;
  }

  /**
   * Books releases; only when it returns may their values leave.
   *
   * @param now milliseconds since the Unix epoch.
   * @throws {Error} if the account cannot be written. The releases stay booked and must not happen.
   */
  charge(charges: readonly Charge[], now: number): void {
    let covered = true;
    for (const { group, rho, alarmRun } of charges) {
      const record = this.open(group, now);
      if (alarmRun) {
        addRun(record.total, rho);
        addRun(record.today, rho);
        if (alarmRun === "start") addRunStart(record, now);
        covered = false;
        continue;
      }
      add(record.total, rho);
      add(record.today, rho);
      const lease = this.leases.get(group);
      if (lease && lease.left > 0 && lease.rho === rho && lease.day === record.day) {
        lease.left--;
        continue;
      }
      covered = false;
      this.leases.set(group, { rho, day: record.day, left: this.ahead - 1 });
    }
    if (covered) return;
    try {
      this.save();
    } catch (error) {
      this.leases.clear();
      throw error;
    }
  }

  /** Writes the exact account, without what was booked ahead. */
  close(): void {
    if (this.leases.size === 0) return;
    this.leases.clear();
    this.save();
  }

  private open(group: string, now: number): BudgetRecord {
    const day = utcDay(now);
    let record = this.records.get(group);
    if (!record) {
      record = newRecord(now, day);
      this.records.set(group, record);
    }
    turnToDay(record, day);
    return record;
  }

  private save(): void {
    const booked = new Map<string, BudgetRecord>();
    for (const [group, record] of this.records) {
      const lease = this.leases.get(group);
      const copy = { ...record, total: { ...record.total }, today: { ...record.today } };
      if (lease && lease.left > 0) {
        add(copy.total, lease.rho, lease.left);
        if (lease.day === record.day) add(copy.today, lease.rho, lease.left);
      }
      booked.set(group, copy);
    }
    this.store.save(encodeBudget(booked));
  }
}
