// A broker, a driver and relays as real processes: wrong outputs must never become a time.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Scratch, scratchFolder } from "../../bench/harness/leftovers.js";
import { OwnProcess } from "../../bench/harness/own-process.js";
import { type RelayJob, runRelay } from "../../bench/harness/relay-run.js";
import { WrongOutput } from "../../bench/harness/suite.js";
import { type BenchBroker, startEmbedded } from "../../bench/pipeline/broker.js";

const SEND = "test/in";
const RECEIVE = "test/out";

describe("a relay's run", function () {
  this.timeout(120_000);
  let broker: BenchBroker;
  let folder: Scratch;
  let relay: OwnProcess | undefined;

  before(async () => {
    folder = scratchFolder();
    broker = await startEmbedded(SEND, RECEIVE);
  });

  after(async () => {
    await broker.stop();
    folder.remove();
  });

  afterEach(async () => {
    await relay?.stop();
    relay = undefined;
  });

  /** Runs an MQTT.js relay whose handler is the given text; `n` counts messages from 0. */
  async function runHandler(handler: string, silenceMs?: number): Promise<unknown> {
    const script = join(folder.path, "relay.js");
    const { username, password } = broker.logins?.processor ?? { username: "", password: "" };
    writeFileSync(
      script,
      `const client = require(${JSON.stringify(require.resolve("mqtt"))}).connect("mqtt://127.0.0.1:${broker.port}", ${JSON.stringify({ username, password })});
       let n = 0;
       client.on("connect", () => client.subscribe("${SEND}"));
       client.on("message", (topic, payload) => { const send = (out) => client.publish("${RECEIVE}", out); ${handler}; n++; });`,
    );
    relay = new OwnProcess("relay", { command: process.execPath, args: [script] });
    let made = 0;
    const job: RelayJob<string> = {
      contender: "relay",
      relay,
      target: {
        host: broker.host,
        port: broker.port,
        sendTo: SEND,
        receiveFrom: RECEIVE,
        ...(broker.logins ? { login: broker.logins.driver } : {}),
      },
      make: (count) => Array.from({ length: count }, () => `message ${made++}`),
      encode: (message) => Buffer.from(message),
      messages: 100,
      warmUp: 50,
      inFlight: 8,
      ...(silenceMs === undefined ? {} : { silenceMs }),
      compare: (messages, outputs) => {
        const wrong = outputs.findIndex((output, i) => output.toString() !== messages[i]);
        return wrong < 0 ? undefined : `output ${wrong + 1} is not what was sent`;
      },
    };
    return await runRelay(job);
  }

  it("gives a throughput when every output is right", async () => {
    const measured = (await runHandler("send(payload)")) as { throughput: number };
    assert.ok(Number.isFinite(measured.throughput) && measured.throughput > 0);
  });

  const faults: [what: string, handler: string, problem: RegExp, silenceMs?: number][] = [
    ["one output is altered", 'send(n === 120 ? "something else" : payload)', /output \d+ is not what was sent/],
    ["one is missing", "if (n !== 120) send(payload)", /99 of 100 outputs came/, 3000],
    ["one comes twice", "send(payload); if (n === 120) send(payload)", /101 outputs for 100|is not what was sent/],
  ];
  for (const [what, handler, problem, silenceMs] of faults) {
    it(`fails without a figure when ${what}`, async () => {
      await assert.rejects(runHandler(handler, silenceMs), (error: Error) => {
        assert.ok(error instanceof WrongOutput, String(error));
        assert.match(error.message, problem);
        return true;
      });
    });
  }

  it("fails when the relay dies, with what it said", async () => {
    await assert.rejects(runHandler('if (n === 60) throw new Error("out of ideas"); send(payload)'), /out of ideas/);
  });
});
