import { findMosquitto, startEmbeddedBroker, startMosquitto, type TestBroker } from "../support/brokers.js";
import { attackFlow } from "../support/hostile-attack.js";
import type { Drill } from "./drill.js";

const MESSAGES = 100_000;
const REDUCED_MESSAGES = 10_000;
const BROKERS: [string, () => Promise<TestBroker>][] = [
  ["Mosquitto", () => startMosquitto()],
  ["embedded broker", () => startEmbeddedBroker()],
];

export const hostileMessages: Drill = {
  name: "hostile-messages",
  summary: `${MESSAGES} hostile messages (${REDUCED_MESSAGES}) over each broker: each a counted rejection, memory flat`,
  async run({ reduced, seed, progress }) {
    if (!findMosquitto()) throw new Error("Mosquitto is not installed (apt-get install mosquitto)");
    const messages = reduced ? REDUCED_MESSAGES : MESSAGES;
    const figures: string[] = [];
    for (const [name, start] of BROKERS) {
      const broker = await start();
      try {
        const { codes, growthKiB } = await attackFlow(broker, {
          messages,
          seed,
          onProgress: (sent) => {
            if (sent % (messages / 5) === 0) progress(`${name}: ${sent} sent`);
          },
        });
        const counts = Object.entries(codes).map(([code, count]) => `${code} ${count}`);
        figures.push(
          `${name}: ${messages} refused (${counts.join(", ")}), memory ${(growthKiB / 1024).toFixed(1)} MiB more`,
        );
      } finally {
        await broker.stop();
      }
    }
    return figures.join("; ");
  },
};
