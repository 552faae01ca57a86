import type { MqttClient } from "mqtt";
import { WIFI_TOPIC } from "../../lib/broker/accounts.js";
import type { AccountBook } from "../common/accounts.js";
import { closeAll, connectTo } from "../common/mqtt-link.js";
import type { RunningSimulation } from "../common/running.js";
import { Campus, type CampusSettings } from "./campus.js";
import { type FeedForm, LiveCampus, messageOf } from "./live-campus.js";

/** Name and account of the simulated access controller. */
export const CONTROLLER = "wifi-controller";
const TICK_MS = 1000;
/** Messages on their way at once; the rest of a backlog waits. */
const IN_FLIGHT = 200;

export interface LiveSettings extends CampusSettings {
  url: string;
  accounts: AccountBook;
  topic?: string;
  form: FeedForm;
  /** Sessions on an average day. */
  daily: number;
  /** Seconds before now whose sessions are published first. */
  backfillSec: number;
  /** Ends after so many seconds; never unless given. */
  durationSec?: number;
  onLine?: (line: string) => void;
  onProgress?: (seconds: number, sent: number, present: number) => void;
}

/**
 * Publishes what the campus' access controller sees, as it happens.
 *
 * @throws {Error} with one line when the broker cannot be reached or refuses the account.
 */
export async function publishLive(settings: LiveSettings): Promise<RunningSimulation> {
  const { url, accounts, topic = WIFI_TOPIC, form, daily, backfillSec, durationSec } = settings;
  const campus = new Campus(settings);
  const client = await connectTo(url, CONTROLLER, accounts(CONTROLLER), settings.onLine ?? (() => {}));
  const startedMs = Date.now();
  const live = new LiveCampus(campus, daily, Math.floor(startedMs / 1000) - backfillSec);
  let sent = 0;
  let isStopped = false;
  let wake: () => void = () => {};

  const pass = async () => {
    const messages = live
      .advance(Math.floor(Date.now() / 1000))
      .flatMap((event) => messageOf(campus, event, form) ?? []);
    for (let at = 0; at < messages.length && !isStopped; at += IN_FLIGHT) {
      const some = messages.slice(at, at + IN_FLIGHT);
      await Promise.all(some.map((message) => publish(client, topic, message)));
      sent += some.length;
    }
    settings.onProgress?.((Date.now() - startedMs) / 1000, sent, live.present);
  };
  const run = async () => {
    try {
      while (!isStopped && (durationSec === undefined || Date.now() - startedMs < durationSec * 1000)) {
        await pass();
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, TICK_MS - (Date.now() % TICK_MS));
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
          if (isStopped) wake();
        });
      }
    } finally {
      await closeAll([client]);
    }
  };
  const ended = run();
  // Whoever stops it hears of a failure through `stop` or `ended`.
  ended.catch(() => {});
  return {
    ended,
    stop: () => {
      isStopped = true;
      wake();
      return ended;
    },
  };
}

/** With an acknowledgement of the broker; while that is away the message waits in the client and is not lost. */
async function publish(client: MqttClient, topic: string, message: string): Promise<void> {
  await client.publishAsync(topic, message, { qos: 1 });
}
