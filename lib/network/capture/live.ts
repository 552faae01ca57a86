import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { CaptureFailure, failureOf, notInstalled } from "./capture-failure.js";
import { type CaptureProgram, captureArguments, type LiveOptions } from "./capture-program.js";
import { CaptureCounters } from "./counters.js";
import type { OnPacket } from "./decoder.js";
import { CaptureReader } from "./reader.js";

const STOP_PATIENCE_MS = 3000;
/** Of what the program says, as much as an error message needs. */
const SAID_KEPT = 4000;
const LISTENING = /listening on|Capturing on/;
/** tcpdump prints one number for each, dumpcap "received/dropped on interface 'x': n/m". */
const TCPDUMP_DROPS = /(\d+) packets? dropped by (kernel|interface)/g;
const DUMPCAP_DROPS = /received\/dropped on interface [^\n]*: \d+\/(\d+)/;

/**
 * Packets of an interface as they come, captured by tcpdump or dumpcap as a process of its own: reading the network
 * takes rights that nothing else here has or needs.
 */
export class LiveCapture {
  private readonly reader: CaptureReader;
  private readonly program: CaptureProgram;
  private readonly child: ChildProcessByStdio<null, Readable, Readable>;
  private said = "";
  private line = "";
  private isListening = false;
  private isStopping = false;
  private failure: Error | undefined;
  private readonly listening: Promise<void>;

  /**
   * Resolves when the capture was stopped; rejects with a {@link CaptureFailure} when it ended by itself, or with what
   * `onPacket` threw.
   */
  readonly ended: Promise<void>;

  /**
   * Starts capturing. Wait for {@link started} to know that it works.
   *
   * @param onPacket called for each packet that could be read; what it throws ends the capture.
   * @throws {Rejection} FORMAT or RANGE for an option that cannot be.
   */
  constructor(
    options: LiveOptions,
    onPacket: OnPacket,
    readonly counters: CaptureCounters = new CaptureCounters(),
  ) {
    const { program, args } = captureArguments(options);
    this.program = program;
    this.reader = new CaptureReader(onPacket, counters);
    // It needs no more of our environment; its messages are read, so they have to be in English.
    const env = { PATH: process.env.PATH, LC_ALL: "C" };
    this.child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env });
    this.child.stdout.on("data", (chunk: Buffer) => this.read(chunk));
    let tell = () => {};
    this.listening = new Promise((resolve) => {
      tell = resolve;
    });
    this.child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.hear(text);
      if (this.isListening) tell();
    });
    this.ended = new Promise((resolve, reject) => {
      this.child.once("error", (error: NodeJS.ErrnoException) => {
        const { code, message } = error;
        this.failure =
          code === "ENOENT" ? notInstalled(program) : new CaptureFailure("failed", `${program}: ${message}`);
        reject(this.failure);
      });
      this.child.once("close", () => {
        if (this.failure) reject(this.failure);
        else if (this.isStopping) resolve();
        else reject(failureOf(program, options.interface, this.said));
      });
    });
    // Whoever waits for it gets the rejection; without anybody it must not end the process.
    this.ended.catch(() => {});
  }

  /** Resolves once the interface is open. @throws {CaptureFailure} when it cannot be, or what `onPacket` threw. */
  async started(): Promise<void> {
    await Promise.race([this.listening, this.ended]);
  }

  /**
   * Asks the program for the packets that were dropped so far; `counters.dropped` has them shortly after. tcpdump on
   * Linux answers while it runs; otherwise they are known when the capture has ended.
   */
  askForDrops(): void {
    if (this.program === "tcpdump" && process.platform === "linux" && this.isRunning && this.isListening) {
      this.child.kill("SIGUSR1");
    }
  }

  /** Ends the capture and waits until the program is gone; what it had captured by then is delivered. */
  async stop(): Promise<void> {
    this.isStopping = true;
    if (this.isRunning) this.child.kill("SIGTERM");
    const impatient = setTimeout(() => this.child.kill("SIGKILL"), STOP_PATIENCE_MS);
    try {
      await this.ended.catch(() => {});
    } finally {
      clearTimeout(impatient);
    }
  }

  private get isRunning(): boolean {
    return this.child.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  private read(chunk: Buffer): void {
    if (this.failure) return;
    try {
      this.reader.push(chunk);
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error));
      this.child.kill("SIGTERM");
    }
  }

  private hear(text: string): void {
    this.said = (this.said + text).slice(-SAID_KEPT);
    this.line += text;
    const end = this.line.lastIndexOf("\n") + 1;
    const lines = this.line.slice(0, end);
    this.line = this.line.slice(end).slice(-SAID_KEPT);
    if (!this.isListening && LISTENING.test(lines)) this.isListening = true;
    const drops = dropsIn(lines);
    if (drops !== undefined) this.counters.dropped = drops;
  }
}

/** Packets dropped by the kernel and the interface, by the last report in what a capture program said. */
export function dropsIn(said: string): number | undefined {
  const byWhom = new Map<string, number>();
  for (const [, count, whom] of said.matchAll(TCPDUMP_DROPS)) byWhom.set(whom as string, Number(count));
  const dumpcap = DUMPCAP_DROPS.exec(said)?.[1];
  if (dumpcap !== undefined) return Number(dumpcap);
  if (byWhom.size === 0) return undefined;
  return [...byWhom.values()].reduce((sum, count) => sum + count, 0);
}
