import { fernet } from "../../lib/envelope/fernet.js";
import type { AccountBook } from "../common/accounts.js";
import { closeAll, connectAll } from "../common/mqtt-link.js";
import type { RunningSimulation } from "../common/running.js";
import type { RecordedReading } from "./replay.js";
import { startTicker } from "./ticker.js";
import { RAW_TOPIC } from "./wire.js";

export interface ReplayOptions {
  url: string;
  accounts: AccountBook;
  /** Raw Fernet keys of the readings; the first one seals. */
  rawKeys: readonly Buffer[];
  recording: readonly RecordedReading[];
  /** Messages per second. */
  rateHz: number;
  /** Stamp the readings with the present instead of the recording's times. */
  now?: boolean;
  onLine?: (line: string) => void;
  onProgress?: (sent: number, total: number) => void;
}

/**
 * Publishes a recording as a single sensor does: `{timestamp, temperature_C}` in a Fernet token, in the order of the
 * file, one message per 1/rateHz seconds, then ends.
 *
 * @throws {Error} with one line when the broker cannot be reached.
 */
export async function runReplay(options: ReplayOptions): Promise<RunningSimulation> {
  const { recording, rawKeys } = options;
  const seal = fernet.create(rawKeys);
  const name = "publisher";
  const clients = await connectAll(
    options.url,
    [{ name, account: options.accounts(name) }],
    options.onLine ?? (() => {}),
  );
  let sent = 0;
  const ticker = startTicker(1000 / options.rateHz, () => {
    const reading = recording[sent];
    if (!reading) return false;
    const now = Date.now();
    const timestamp = options.now ? new Date(now).toISOString() : reading.timestamp;
    const payload = JSON.stringify({ timestamp, temperature_C: reading.temperatureC });
    clients[0]?.publish(RAW_TOPIC, seal.seal(Buffer.from(payload), { now }));
    sent++;
    options.onProgress?.(sent, recording.length);
    return sent < recording.length;
  });
  const ended = ticker.ended.finally(() => closeAll(clients));
  return {
    ended,
    stop: () => {
      ticker.stop();
      return ended;
    },
  };
}
