import { extname, join } from "node:path";
import { canReadCpuTime, cpuSeconds } from "./cpu-time.js";
import { OwnProcess, scriptArguments } from "./own-process.js";
import type { DriverCommand, DriverReport, DriverTarget } from "./relay-driver.js";
import { median } from "./statistics.js";
import { WrongOutput } from "./suite.js";

/** What one run of a relay (a process that turns each message of one topic into one of another) took. */
export interface RelayMeasurement {
  /** Messages per second: median over the segments of the run. */
  throughput: number;
  /** CPU time of the relay's process, microseconds per message; undefined where the system does not tell. */
  cpuMicros?: number;
}

export interface RelayProcess {
  pid: number;
  /** The end of what it printed. */
  readonly output: string;
  /** Rejects when the process ends. */
  failure(): Promise<never>;
}

export interface RelayJob<Message> {
  /** The relay's name and process. */
  contender: string;
  relay: RelayProcess;
  target: DriverTarget;
  /** Makes the next `count` messages; no two are alike. */
  make(count: number): Message[];
  encode(message: Message): Uint8Array;
  /** Messages in the measured part, and in the one before it that does not count. */
  messages: number;
  warmUp: number;
  inFlight: number;
  /** Without any output for this long the rest counts as lost; 15 seconds unless given. */
  silenceMs?: number;
  /**
   * Compares what was sent with what came back.
   *
   * @returns what is wrong, or undefined.
   */
  compare(messages: readonly Message[], outputs: readonly Buffer[]): string | undefined;
}

const SEGMENTS = 10;
const SILENCE_MS = 15_000;
const PROBES = 60;
const PROBE_WAIT_MS = 1000;

/** The driver's process, as its parent sees it. */
class Driver {
  private readonly process = new OwnProcess("the driver", {
    command: process.execPath,
    args: scriptArguments(join(__dirname, `relay-driver${extname(__filename)}`)),
    ipc: true,
  });

  constructor(
    private readonly contender: string,
    private readonly relay: RelayProcess,
    private readonly relayFailure: Promise<never>,
  ) {}

  /** @throws {WrongOutput} when the driver says that something went wrong. */
  async ask<Type extends DriverReport["type"]>(
    command: DriverCommand,
    expected: Type,
  ): Promise<Extract<DriverReport, { type: Type }>> {
    this.process.child.send(command);
    return await this.next(expected);
  }

  async outputs(): Promise<Buffer[]> {
    const { outputs } = await this.next("outputs");
    return outputs.map((output) => Buffer.from(output));
  }

  /** Sends one new message after the other until one is answered. */
  async untilAnswered(makeOne: () => Uint8Array): Promise<void> {
    for (let i = 0; i < PROBES; i++) {
      const { isAnswered } = await this.ask({ do: "probe", message: makeOne(), waitMs: PROBE_WAIT_MS }, "probed");
      if (isAnswered) return;
    }
    throw this.wrong(`no answer to any of ${PROBES} messages`);
  }

  private wrong(problem: string): WrongOutput {
    const said = this.relay.output.trim();
    return new WrongOutput(this.contender, said ? `${problem}; it said:\n${said}` : problem);
  }

  private async next<Type extends DriverReport["type"]>(
    expected: Type,
  ): Promise<Extract<DriverReport, { type: Type }>> {
    const answer = (await Promise.race([this.process.message(), this.relayFailure])) as DriverReport;
    if (answer.type === "failed") throw this.wrong(answer.problem);
    if (answer.type !== expected) throw new Error(`the driver reported ${answer.type} instead of ${expected}`);
    return answer as Extract<DriverReport, { type: Type }>;
  }

  stop(): Promise<void> {
    return this.process.stop();
  }
}

/**
 * Measures a relay that is running: waits until it answers, warms it up, lets it empty, runs, compares the outputs.
 *
 * @throws {WrongOutput} when outputs are missing, too many or wrong; then there is no measurement.
 */
export async function runRelay<Message>(job: RelayJob<Message>): Promise<RelayMeasurement> {
  const { contender, relay, make, encode, inFlight, silenceMs = SILENCE_MS } = job;
  const relayFailure = relay.failure();
  relayFailure.catch(() => {});
  const driver = new Driver(contender, relay, relayFailure);
  try {
    await driver.ask({ do: "connect", ...job.target }, "connected");
    await driver.untilAnswered(() => encode(make(1)[0] as Message));
    if (job.warmUp > 0) {
      await driver.ask({ do: "run", messages: make(job.warmUp).map(encode), inFlight, segments: 1, silenceMs }, "ran");
      await driver.outputs();
    }
    const messages = make(job.messages);
    const encoded = messages.map(encode);
    const before = canReadCpuTime() ? cpuSeconds(relay.pid) : undefined;
    const run = await driver.ask({ do: "run", messages: encoded, inFlight, segments: SEGMENTS, silenceMs }, "ran");
    const after = before === undefined ? undefined : cpuSeconds(relay.pid);
    const outputs = await driver.outputs();

    const problem =
      outputs.length === messages.length
        ? job.compare(messages, outputs)
        : `${outputs.length} outputs for ${messages.length} messages`;
    if (problem) throw new WrongOutput(contender, problem);
    const perSegment = messages.length / SEGMENTS;
    return {
      throughput: median(run.segmentSeconds.map((duration) => perSegment / duration)),
      ...(before === undefined || after === undefined ? {} : { cpuMicros: ((after - before) * 1e6) / messages.length }),
    };
  } finally {
    await driver.stop();
  }
}
