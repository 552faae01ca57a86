import { fernet } from "../../lib/envelope/fernet.js";
import { generateKey } from "../../lib/envelope/key-family.js";
import { canReadCpuTime } from "../harness/cpu-time.js";
import { type RelayMeasurement, runRelay } from "../harness/relay-run.js";
import { interleave } from "../harness/rounds.js";
import { type Suite, type SuiteOptions, type SuiteResult, Unavailable } from "../harness/suite.js";
import { type BenchBroker, findMosquitto, startBroker } from "./broker.js";
import type { PipelineContender, PipelineSetup, SentReading } from "./contender.js";
import { echo } from "./echo.js";
import { pipelineFigures } from "./figures.js";
import { type Reading, ReadingSource } from "./readings.js";
import { redoubt } from "./redoubt.js";
import { findPython, PYTHON_MISSING, seedStyle } from "./seed-style.js";

const RAW_TOPIC = "bench/temperature/raw_encrypted";
const MASKED_TOPIC = "bench/temperature/masked_encrypted";
const DEFAULT_MESSAGES = 40_000;

async function measureOnce(
  contender: PipelineContender,
  broker: BenchBroker,
  wanted: number,
): Promise<RelayMeasurement> {
  const { host, port, logins } = broker;
  const setup: PipelineSetup = {
    broker: { host, port, ...(logins ? { login: logins.processor } : {}) },
    rawKey: generateKey("fernet"),
    maskedKey: generateKey("fernet"),
    rawTopic: RAW_TOPIC,
    maskedTopic: MASKED_TOPIC,
  };
  const profile = fernet.create([setup.rawKey]);
  const seal = (reading: Reading): Buffer =>
    Buffer.from(profile.seal(Buffer.from(JSON.stringify(reading)), { now: Date.now() }));
  const source = new ReadingSource();
  const relay = await contender.start(setup);
  try {
    return await runRelay<SentReading>({
      contender: contender.name,
      relay,
      target: { host, port, sendTo: RAW_TOPIC, receiveFrom: MASKED_TOPIC, ...(logins ? { login: logins.driver } : {}) },
      make: (count) => source.take(count).map((reading) => ({ reading, token: seal(reading) })),
      encode: ({ token }) => token,
      messages: contender.messages(wanted),
      warmUp: contender.warmUp(wanted),
      inFlight: contender.inFlight,
      compare: (sent, outputs) => contender.compare(sent, outputs, setup),
    });
  } finally {
    await relay.stop();
  }
}

/**
 * Who takes part.
 *
 * @param python a Python with the packages, if there is one.
 * @param everyone whether a missing contender is an error, as in CI, or a note.
 * @throws {Unavailable} that says what to install.
 */
export function pipelineContenders(
  python: string | undefined,
  everyone: boolean,
): { contenders: PipelineContender[]; notes: string[] } {
  if (python) return { contenders: [echo, redoubt, seedStyle(python)], notes: [] };
  if (everyone) throw new Unavailable(PYTHON_MISSING);
  return { contenders: [echo, redoubt], notes: [PYTHON_MISSING] };
}

async function run(options: SuiteOptions): Promise<SuiteResult> {
  const wanted = options.messages ?? DEFAULT_MESSAGES;
  const { contenders, notes } = pipelineContenders(findPython(), Boolean(process.env.CI));
  if (!canReadCpuTime()) notes.push("CPU time is left out: this system has no /proc");
  if (!findMosquitto()) notes.push("Mosquitto is not installed (apt-get install mosquitto)");
  const broker = await startBroker(RAW_TOPIC, MASKED_TOPIC);
  notes.unshift(`broker: ${broker.description}; node ${process.version}; outputs compared, all right`);
  try {
    const measured = await interleave(
      contenders.map((contender) => ({
        name: contender.name,
        measure: () => measureOnce(contender, broker, wanted),
      })),
      options.rounds,
      options.onProgress,
    );
    return { figures: pipelineFigures(measured), notes };
  } finally {
    await broker.stop();
  }
}

/** The thermal pipeline end to end over a broker: our flow in Node-RED beside an echo and a Python processor. */
export const pipeline: Suite = {
  name: "pipeline",
  description: "decrypt, score, mask, encrypt in Node-RED, beside an echo and a Python processor",
  run,
};
