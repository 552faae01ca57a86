import { formatKey } from "../../lib/envelope/key-family.js";
import type { RelayProcess } from "../harness/relay-run.js";
import type { Reading } from "./readings.js";

/** Keys and topics of the thermal pipeline under test, and the broker that carries it. */
export interface PipelineSetup {
  broker: {
    host: string;
    port: number;
    /** The processor's login; none where the broker takes anybody. */
    login?: { username: string; password: string };
  };
  /** Fernet keys, 32 bytes each. */
  rawKey: Buffer;
  maskedKey: Buffer;
  rawTopic: string;
  maskedTopic: string;
}

/** A running processor. */
export interface RunningRelay extends RelayProcess {
  /** Ends it and removes what it left. */
  stop(): Promise<void>;
}

/** One way of doing the pipeline's job. */
export interface PipelineContender {
  name: string;
  /** Measured messages of a run where the user asks for `wanted`. */
  messages(wanted: number): number;
  warmUp(wanted: number): number;
  /** Messages that may be unanswered at a time. */
  inFlight: number;
  start(setup: PipelineSetup): Promise<RunningRelay>;
  /** What is wrong with the outputs, or undefined. */
  compare(sent: readonly SentReading[], outputs: readonly Buffer[], setup: PipelineSetup): string | undefined;
}

/** A reading and the token it went out as. */
export interface SentReading {
  reading: Reading;
  token: Buffer;
}

/** What the Python and the plain Node contenders read; in the environment, since arguments are there for all to see. */
export function environmentOf(setup: PipelineSetup): Record<string, string> {
  const { broker } = setup;
  return {
    BENCH_HOST: broker.host,
    BENCH_PORT: String(broker.port),
    BENCH_RAW_TOPIC: setup.rawTopic,
    BENCH_MASKED_TOPIC: setup.maskedTopic,
    BENCH_RAW_KEY: formatKey(setup.rawKey, "fernet"),
    BENCH_MASKED_KEY: formatKey(setup.maskedKey, "fernet"),
    ...(broker.login ? { BENCH_USER: broker.login.username, BENCH_PASSWORD: broker.login.password } : {}),
  };
}
