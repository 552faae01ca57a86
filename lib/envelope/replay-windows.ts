import { Rejection } from "../common/rejection.js";
import { AdmittedRecords, type LowestUnfinished } from "./admitted-records.js";
import type { AdmittedCounter, RecordMark, ReplayLine } from "./replay-line.js";
import { ReplayWindow } from "./replay-window.js";

/** Devices times epochs that are remembered; only authenticated messages make any. */
export const MAX_WINDOWS = 50_000;

export interface ReplayWindowsOptions {
  /** Called with every admission before it counts; what it throws refuses the message. */
  write?: (line: ReplayLine) => void;
  lowestUnfinished?: LowestUnfinished;
  maxWindows?: number;
}

/** A {@link ReplayWindow} for each device and key epoch. */
export class ReplayWindows {
  readonly #windows = new Map<string, { device: string; epoch: number; window: ReplayWindow }>();
  readonly #records: AdmittedRecords;
  readonly #write: (line: ReplayLine) => void;
  readonly #maxWindows: number;

  constructor(options: ReplayWindowsOptions = {}) {
    this.#records = new AdmittedRecords(options.lowestUnfinished);
    this.#write = options.write ?? (() => {});
    this.#maxWindows = options.maxWindows ?? MAX_WINDOWS;
  }

  /** Lines that {@link lines} gives. */
  get size(): number {
    return this.#windows.size + this.#records.size;
  }

  /**
   * Admits a message once. Call it only with what was authenticated.
   *
   * @param record the journal's record that the message is, if it comes from one: presented again, it is admitted again.
   * @throws {Rejection} REPLAY (seen, or too far below the highest counter) or RATE (too many devices).
   */
  admit(sender: AdmittedCounter, record?: RecordMark): void {
    if (record && this.#records.has(sender, record)) return;
    const window = this.#windows.get(nameOf(sender))?.window;
    if (window && !window.accepts(sender.counter)) {
      throw new Rejection("REPLAY", "this counter was received before, or is too old");
    }
    if (!window && this.#windows.size >= this.#maxWindows) {
      throw new Rejection("RATE", `${this.#maxWindows} devices and epochs; the memory for counters is full`);
    }
    const line: ReplayLine = { kind: "admitted", sender, ...(record && { record }) };
    this.#write(line);
    this.apply(line);
  }

  /** Restores what a line says. */
  apply(line: ReplayLine): void {
    if (line.kind === "window") {
      const { device, epoch, highest, seen } = line;
      this.#windows.set(nameOf(line), { device, epoch, window: new ReplayWindow(highest, seen) });
      return;
    }
    if (line.kind === "admitted") this.#windowOf(line.sender).add(line.sender.counter);
    if (line.record) this.#records.add(line.sender, line.record);
  }

  /** Everything that is remembered. */
  *lines(): Generator<ReplayLine> {
    this.#records.prune();
    for (const { device, epoch, window } of this.#windows.values()) {
      yield { kind: "window", device, epoch, highest: window.highest, seen: window.seen };
    }
    for (const entry of this.#records.entries()) yield { kind: "record", ...entry };
  }

  #windowOf({ device, epoch }: AdmittedCounter): ReplayWindow {
    const name = nameOf({ device, epoch });
    const known = this.#windows.get(name);
    if (known) return known.window;
    const window = new ReplayWindow();
    this.#windows.set(name, { device, epoch, window });
    return window;
  }
}

/** Names of devices have no colon. */
function nameOf({ device, epoch }: { device: string; epoch: number }): string {
  return `${device}:${epoch}`;
}
