import type { Figure } from "./figure.js";

export interface SuiteOptions {
  /** How often every contender runs; the contenders take turns. */
  rounds: number;
  /** Messages (or rows, or whatever a suite counts) of one run; the suite's own number unless given. */
  messages?: number;
  /** Folder of data sets, for suites that read some; the suite's own unless given. */
  data?: string;
  /** Simulated rooms, hours of each, and whether to take the suite's long run; for suites that simulate. */
  seeds?: number;
  hours?: number;
  full?: boolean;
  /** Told what is being measured, for a progress bar. */
  onProgress?: (done: number, total: number) => void;
}

export interface SuiteResult {
  figures: Figure[];
  /** What a reader must know about this run: the broker, a contender that was left out. */
  notes: string[];
  /** For people, where the plain list of figures would be too long to read. */
  table?: string;
  /** Makes a page of HTML that needs nothing from elsewhere. */
  page?: () => string;
}

/** One benchmark: a job that several contenders do, and what is required of ours. */
export interface Suite {
  name: string;
  /** One line for --help. */
  description: string;
  /** Turns of every contender unless told otherwise; 5 unless given. */
  rounds?: number;
  /** Whether its results have a page. */
  hasPage?: boolean;
  /**
   * @throws {WrongOutput} when a contender did the job wrongly: then its time says nothing.
   * @throws {Unavailable} when the suite cannot run on this machine.
   */
  run(options: SuiteOptions): Promise<SuiteResult>;
}

/** A contender whose outputs are wrong or incomplete. */
export class WrongOutput extends Error {
  override readonly name = "WrongOutput";

  constructor(
    readonly contender: string,
    readonly problem: string,
  ) {
    super(`${contender}: ${problem}`);
  }
}

/** A suite or contender lacks something on this machine; the message says what to install. */
export class Unavailable extends Error {
  override readonly name = "Unavailable";
}
