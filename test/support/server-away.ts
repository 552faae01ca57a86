// A spool whose server is away for an hour, in less: the waits between attempts are shorter by the same factor.
import assert from "node:assert/strict";
import { join } from "node:path";
import { SeededRandom } from "../../lib/common/seeded-random.js";
import { openDatabase } from "../../lib/common/sqlite.js";
import { DeadLetters } from "../../lib/spool/dead-letters.js";
import { Deliverer } from "../../lib/spool/deliverer.js";
import { deliveryUrl, HttpDelivery } from "../../lib/spool/http-delivery.js";
import { outboundRecord } from "../../lib/spool/outbound-record.js";
import { OutboundSpool } from "../../lib/spool/outbound-spool.js";
import { retryDelay } from "../../lib/spool/retry-delay.js";
import { SpoolFull, type WhenFull } from "../../lib/spool/segment-log.js";
import { type Mood, startHostileServer } from "./hostile-server.js";

export interface ServerAway {
  folder: string;
  seed: number;
  /** Length of the absence, seconds, and by what it is divided. */
  awaySec: number;
  speed: number;
  /** Readings in a second of the absence. */
  rateHz: number;
  maxBytes: number;
  whenFull: WhenFull;
}

export interface ServerAwayResult {
  added: number;
  /** Largest size of the spool, bytes. */
  bytes: number;
  /** Times that a record had to wait for room. */
  waits: number;
  dropped: number;
  /** Different readings at the server. */
  stored: number;
  /** Readings that the server does not have, and the newest one of them; 0 for none. */
  missing: number;
  newestMissing: number;
  attempts: number;
}

const GATEWAY = "gw-1";
const RECORDS_AT_ONCE = 50;
/** Not shortened further: the server has to be able to store a batch meanwhile. */
const TIMEOUT_MS = 2000;
const BATCH_WAIT_MS = 2000;
const PATIENCE_MS = 60_000;
/** Thousands wait at once. */
const ROOM_RETRY_MS = 250;
/** Makes a reading as large as one with a dozen quantities. */
const NOTE = "x".repeat(400);

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Every way of not being there; two of them store the batch and lose the answer. */
const MOODS: readonly Mood[] = ["503", "503", "429", "reset", "reset", "reset-after", "silence", "silence-after"];

const recordNumber = (counter: number) =>
  outboundRecord({
    payload: { temperature: 20 + (counter % 10), humidity: 40, note: NOTE },
    device: { id: "pump-1", epoch: 1, counter, authenticated: true, profile: "cose-a128gcm", receivedAt: counter },
  });

/**
 * Adds readings while the server is away, and waits until those that are left are delivered.
 *
 * @throws {AssertionError} where the spool exceeds its cap, anything is a dead letter, or a reading is stored twice.
 */
export async function serverAway(options: ServerAway): Promise<ServerAwayResult> {
  const { folder, speed, maxBytes, whenFull } = options;
  const random = new SeededRandom(options.seed);
  let isAway = true;
  const server = await startHostileServer(folder, GATEWAY, () =>
    isAway ? (MOODS[Math.floor(random.uniform() * MOODS.length)] as Mood) : "good",
  );
  const spool = await OutboundSpool.open({ folder: join(folder, "spool"), maxBytes, whenFull });
  const deadLetters = new DeadLetters(join(folder, "dead-letters"));
  const http = new HttpDelivery({ url: deliveryUrl(server.url), token: () => "", timeoutMs: TIMEOUT_MS });
  let attempts = 0;
  const deliverer = new Deliverer({
    ...{ gatewayId: GATEWAY, spool, deadLetters, batchRecords: 500, maxWaitMs: BATCH_WAIT_MS / speed },
    post: (batch, signal) => http.post(batch, signal),
    ...{ onDelivered: () => {}, onRefused: () => {} },
    onAttempt: () => {
      attempts++;
    },
    delay: (failures, retryAfterMs) => retryDelay(failures, retryAfterMs) / speed,
  });
  deliverer.start();
  let [bytes, waits, tried] = [0, 0, 0];
  /** As spool-out does with what a gateway holds: it waits for room. */
  const add = async (counter: number) => {
    for (let attempt = 1; ; attempt++) {
      try {
        await spool.add(recordNumber(counter));
        bytes = Math.max(bytes, spool.bytes);
        deliverer.wake();
        return;
      } catch (error) {
        if (!(error instanceof SpoolFull)) throw error;
        waits++;
        await pause(ROOM_RETRY_MS);
      } finally {
        if (attempt === 1) tried++;
      }
    }
  };
  const total = options.awaySec * options.rateHz;
  const adding: Promise<void>[] = [];
  try {
    const begin = performance.now();
    for (let counter = 1; counter <= total; counter += RECORDS_AT_ONCE) {
      for (let i = 0; i < RECORDS_AT_ONCE; i++) adding.push(add(counter + i));
      const due = ((counter + RECORDS_AT_ONCE) / options.rateHz) * (1000 / speed);
      await pause(Math.max(0, begin + due - performance.now()));
    }
    // A disk that is behind gets all of them before the server is back.
    while (tried < total) await pause(5);
    isAway = false;
    await Promise.all(adding);
    const deadline = performance.now() + PATIENCE_MS;
    while (spool.pending > 0 && performance.now() < deadline) await pause(50);
    assert.equal(spool.pending, 0, "records that still wait");
    assert.equal(deadLetters.count, 0, "dead letters");
    assert.ok(bytes <= maxBytes, `${bytes} bytes exceed the cap`);
    const database = openDatabase(server.store.path, { readOnly: true });
    const rows = database.prepare("SELECT body FROM records").all();
    database.close();
    const there = new Set(rows.map(({ body }) => (JSON.parse(String(body)) as { counter: number }).counter));
    assert.equal(rows.length, there.size, "readings that are there twice");
    const missing = Array.from({ length: total }, (_, i) => i + 1).filter((counter) => !there.has(counter));
    return {
      ...{ added: total, bytes, waits, dropped: spool.dropped, stored: there.size, attempts },
      ...{ missing: missing.length, newestMissing: missing.at(-1) ?? 0 },
    };
  } finally {
    await deliverer.stop();
    http.close();
    await spool.close();
    await server.close();
  }
}
