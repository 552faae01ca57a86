import { requireOnMachine } from "../setup.js";
import { findMosquitto, startEmbeddedBroker, startMosquitto, type TestBroker } from "../support/brokers.js";
import { attackFlow } from "../support/hostile-attack.js";

const MESSAGES = 10_000;

function suite(name: string, start: () => Promise<TestBroker>, missing: () => string | undefined): void {
  describe(`bad input over ${name}`, function () {
    this.timeout(300_000);
    let broker: TestBroker | undefined;
    after(() => broker?.stop());

    it(`refuses ${MESSAGES} hostile messages with a code each, accepts none and stays alive in flat memory`, async function () {
      const lacking = missing();
      requireOnMachine(this, lacking === undefined, lacking ?? "");
      broker = await start();
      await attackFlow(broker, { messages: MESSAGES, seed: 20261121 });
    });
  });
}

suite("Mosquitto", startMosquitto, () => (findMosquitto() ? undefined : "Mosquitto (apt-get install mosquitto)"));
suite("the embedded broker", startEmbeddedBroker, () => undefined);
