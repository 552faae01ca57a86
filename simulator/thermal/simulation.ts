import type { MqttClient } from "mqtt";
import { fernet } from "../../lib/envelope/fernet.js";
import type { EnvelopeProfile } from "../../lib/envelope/profile.js";
import type { AccountBook } from "../common/accounts.js";
import { closeAll, connectAll } from "../common/mqtt-link.js";
import type { RunningSimulation } from "../common/running.js";
import { CommandReceiver } from "./command-receiver.js";
import type { EventRates, ThermalEvent } from "./events.js";
import { GroundTruth } from "./ground-truth.js";
import { type PlantSample, ThermalPlant } from "./plant.js";
import { startTicker } from "./ticker.js";
import { RAW_TOPIC, rackName } from "./wire.js";

export interface ThermalSimulationOptions {
  url: string;
  /** Asked for `rack-1` ... and `plant`. */
  accounts: AccountBook;
  /** Raw Fernet keys of the readings; the first one seals. */
  rawKeys: readonly Buffer[];
  /** Raw Fernet keys of the commands; without them the loop is open and the supply air stays as it is. */
  commandKeys?: readonly Buffer[];
  racks?: number;
  /** Samples per second of each sensor, 1 or 10. */
  rateHz?: number;
  seed?: number;
  events?: boolean | Partial<EventRates>;
  scripted?: readonly ThermalEvent[];
  /** Seconds until the simulation ends by itself; without it it runs until stopped. */
  durationSec?: number;
  /** File for the ground truth. */
  reportFile?: string;
  /** A larger one becomes `<reportFile>.1` and a new one begins. */
  maxReportBytes?: number;
  /** One line about a lost or regained connection and the like. */
  onLine?: (line: string) => void;
  onProgress?: (progress: SimulationProgress) => void;
}

export interface SimulationProgress {
  sent: number;
  commandsAccepted: number;
  commandsRefused: number;
  sample: PlantSample;
}

/** Sends one sample of every sensor; readings carry no label. */
function publishSample(
  clients: readonly MqttClient[],
  seal: EnvelopeProfile,
  sample: PlantSample,
  now: number,
): number {
  const timestamp = new Date(now).toISOString();
  let sent = 0;
  for (const [index, rack] of sample.racks.entries()) {
    const client = clients[index];
    if (!client?.connected) continue;
    const payload = JSON.stringify({ timestamp, device_id: rackName(index), temperature_C: rack.measuredC });
    client.publish(RAW_TOPIC, seal.seal(Buffer.from(payload), { now }));
    sent++;
  }
  return sent;
}

/**
 * Runs the plant in real time: each rack is an MQTT client of its own that publishes Fernet-encrypted readings, and
 * the commands that come back move the supply air.
 *
 * @returns when every client is connected and readings flow.
 * @throws {Error} with one line when the broker cannot be reached or refuses an account.
 */
export async function runThermalSimulation(options: ThermalSimulationOptions): Promise<RunningSimulation> {
  const { racks = 8, rateHz = 1, seed = 1, events = true, onLine = () => {} } = options;
  const plant = new ThermalPlant({ seed, racks, rateHz, events, scripted: options.scripted ?? [] });
  const names = Array.from({ length: racks }, (_, index) => rackName(index));
  const receiver = options.commandKeys ? new CommandReceiver(options.commandKeys) : undefined;
  const members = receiver ? [...names, "plant"] : names;
  const seal = fernet.create(options.rawKeys);
  const clients = await connectAll(
    options.url,
    members.map((name) => ({ name, account: options.accounts(name) })),
    onLine,
  );
  try {
    if (receiver) await receiver.listen(clients[racks] as MqttClient);
  } catch (error) {
    await closeAll(clients);
    throw error;
  }
  const truth = options.reportFile
    ? new GroundTruth(options.reportFile, names, onLine, options.maxReportBytes)
    : undefined;
  truth?.start(Date.now(), { seed, rateHz, events: events !== false });

  let sent = 0;
  const ticker = startTicker(1000 / rateHz, () => {
    const sample = plant.step(receiver?.supplyC);
    const now = Date.now();
    sent += publishSample(clients, seal, sample, now);
    truth?.sample(now, sample);
    if (Number.isInteger(sample.timeSec)) {
      const commandsAccepted = receiver?.accepted ?? 0;
      options.onProgress?.({ sent, commandsAccepted, commandsRefused: receiver?.refused ?? 0, sample });
    }
    return options.durationSec === undefined || sample.timeSec < options.durationSec;
  });
  const ended = ticker.ended.finally(() => Promise.all([closeAll(clients), truth?.close()]));
  return {
    ended,
    stop: () => {
      ticker.stop();
      return ended;
    },
  };
}
