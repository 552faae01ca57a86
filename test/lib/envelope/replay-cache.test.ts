import assert from "node:assert/strict";
import { fernet } from "../../../lib/envelope/fernet.js";
import { EnvelopeReceiver, replayCacheFor } from "../../../lib/envelope/receiver.js";
import { ReplayCache } from "../../../lib/envelope/replay-cache.js";
import { rejects } from "./rejects.js";

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0);
const WINDOW = 120_000;

describe("ReplayCache", () => {
  it("admits a message once within its window", () => {
    const cache = new ReplayCache({ window: WINDOW, capacity: 10 });
    cache.admit("a", NOW, NOW);
    rejects(() => cache.admit("a", NOW, NOW), "REPLAY");
    rejects(() => cache.admit("a", NOW, NOW + WINDOW - 1), "REPLAY");
    assert.equal(cache.size, 1);
  });

  it("forgets what nothing would accept any more, and then refuses it as STALE", () => {
    const cache = new ReplayCache({ window: WINDOW, capacity: 10 });
    cache.admit("a", NOW, NOW);
    const later = NOW + 2 * WINDOW;
    cache.admit("b", later, later);
    assert.equal(cache.size, 1);
    rejects(() => cache.admit("a", NOW, later), "STALE");
  });

  it("opens no gap when the clock jumps ahead and back", () => {
    const cache = new ReplayCache({ window: WINDOW, capacity: 10 });
    cache.admit("a", NOW, NOW);
    cache.admit("b", NOW + 3_600_000, NOW + 3_600_000);
    rejects(() => cache.admit("a", NOW, NOW), "STALE");
    cache.admit("c", NOW + 60_000, NOW + 60_000);
  });

  it("fails closed when it is full, and recovers as messages expire", () => {
    const cache = new ReplayCache({ window: WINDOW, capacity: 3 });
    for (const id of ["a", "b", "c"]) cache.admit(id, NOW, NOW);
    rejects(() => cache.admit("d", NOW, NOW), "RATE");
    rejects(() => cache.admit("a", NOW, NOW), "REPLAY");
    cache.admit("d", NOW + 2 * WINDOW, NOW + 2 * WINDOW);
    assert.equal(cache.size, 1);
  });

  it("holds no more than a window of messages in a long run", () => {
    const cache = new ReplayCache({ window: WINDOW, capacity: 100_000 });
    let largest = 0;
    for (let i = 0; i < 50_000; i++) {
      const now = NOW + i * 100;
      cache.admit(String(i), now, now);
      largest = Math.max(largest, cache.size);
    }
    assert.ok(largest <= (WINDOW / 100) * 1.2, `${largest} held`);
  });

  it("refuses what was sealed before its start", () => {
    const cache = replayCacheFor({ startedAt: NOW + 500 });
    rejects(() => cache.admit("a", NOW - 1000, NOW + 500), "STALE");
    cache.admit("b", NOW, NOW + 500);
  });

  it("without a sealing time remembers from arrival, in every generation", () => {
    const cache = new ReplayCache({ window: WINDOW, capacity: 10 });
    cache.admit("a", undefined, NOW);
    rejects(() => cache.admit("a", undefined, NOW + WINDOW / 2), "REPLAY");
    rejects(() => cache.admit("a", undefined, NOW - 3_600_000), "REPLAY");
    assert.equal(cache.size, 1);
  });

  it("is not entered by messages that are forged or stale", () => {
    const replayCache = replayCacheFor({});
    const key = Buffer.alloc(32, "receiver-key");
    const receiver = new EnvelopeReceiver(fernet, [key], { replayCache });
    const seal = (signer: Buffer, now: number) => fernet.create([signer]).seal(Buffer.from("{}"), { now });
    for (let i = 0; i < 100; i++) {
      rejects(() => receiver.receive(seal(Buffer.alloc(32, "foreign-key"), NOW), { now: NOW }), "AUTH");
      rejects(() => receiver.receive(seal(key, NOW - 90_000), { now: NOW }), "STALE");
    }
    assert.equal(replayCache.size, 0);
    const token = seal(key, NOW);
    receiver.receive(token, { now: NOW });
    rejects(() => receiver.receive(token, { now: NOW }), "REPLAY");
    assert.equal(replayCache.size, 1);
  });
});
