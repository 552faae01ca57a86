import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Batch, makeBatch } from "../../../lib/spool/batch.js";
import { DeadLetters } from "../../../lib/spool/dead-letters.js";
import { Deliverer } from "../../../lib/spool/deliverer.js";
import { deliveryOf } from "../../../lib/spool/delivery.js";
import { deliveryUrl, HttpDelivery, type HttpDeliveryOptions } from "../../../lib/spool/http-delivery.js";
import { outboundRecord } from "../../../lib/spool/outbound-record.js";
import { OutboundSpool } from "../../../lib/spool/outbound-spool.js";
import { retryDelay } from "../../../lib/spool/retry-delay.js";
import { makeCertificates } from "../../support/certificates.js";
import { type HostileServer, type Mood, startHostileServer } from "../../support/hostile-server.js";

const record = (counter: number) =>
  outboundRecord({
    payload: { temperature: 20 + counter },
    device: {
      id: "pump-1",
      epoch: 1,
      counter,
      authenticated: true,
      profile: "cose-a128gcm",
      receivedAt: 1_767_225_600_000,
    },
  });

describe("delivery", () => {
  let folder: string;
  let server: HostileServer | undefined;
  let moods: Mood[];
  let closing: (() => Promise<void>)[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-delivery-"));
    moods = [];
    closing = [];
  });
  afterEach(async () => {
    for (const close of closing.reverse()) await close();
    await server?.close();
    server = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  /**
   * A spool and what delivers it, to a server in these moods and then a good one. An attempt ends, as by its time-out,
   * when the server is silent where `endsSilence` says so; else it has more time than any machine needs.
   */
  async function start(sequence: Mood[], http: Partial<HttpDeliveryOptions> = {}, endsSilence = false) {
    moods = [...sequence];
    let attempt = new AbortController();
    server = await startHostileServer(folder, "gw-1", () => {
      const mood = moods.shift() ?? "good";
      // Once the server has stored the batch of `silence-after`.
      if (endsSilence && mood.startsWith("silence")) setImmediate(() => attempt.abort());
      return mood;
    });
    const spool = await OutboundSpool.open({ folder: join(folder, "spool"), segmentBytes: 2048 });
    const delivery = new HttpDelivery({
      url: new URL(server.url),
      token: () => "token-1",
      timeoutMs: 120_000,
      ...http,
    });
    const deadLetters = new DeadLetters(join(folder, "dead"));
    const batches: Batch[] = [];
    const refused: string[] = [];
    const delays: number[] = [];
    let left = spool.pending;
    const deliverer = new Deliverer({
      gatewayId: "gw-1",
      spool,
      deadLetters,
      batchRecords: 5,
      maxWaitMs: 10,
      post: (batch, signal) => {
        attempt = new AbortController();
        return delivery.post(batch, AbortSignal.any([signal, attempt.signal]));
      },
      onDelivered: (batch, { length }) => {
        batches.push(batch);
        left -= length;
      },
      onRefused: (_batch, { length }, error) => {
        refused.push(error);
        left -= length;
      },
      onAttempt: () => {},
      delay: (failures, retryAfterMs = 0) => {
        delays.push(failures);
        return retryAfterMs > 0 ? 5 : 1;
      },
    });
    deliverer.start();
    closing.push(async () => {
      await deliverer.stop();
      delivery.close();
      await spool.close();
    });
    const add = async (from: number, to: number) => {
      left += to - from + 1;
      await Promise.all(Array.from({ length: to - from + 1 }, (_, i) => spool.add(record(from + i))));
      deliverer.wake();
    };
    const untilEmpty = async () => {
      while (left > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    return { server, spool, deliverer, deadLetters, batches, refused, delays, add, untilEmpty };
  }

  it("delivers in order, in batches of the given size, with token and key", async () => {
    const { server, batches, add, untilEmpty, deliverer } = await start([]);
    await add(1, 12);
    await untilEmpty();
    assert.equal(server.store.size, 12);
    assert.deepEqual(
      batches.map(({ batchId, size }) => [batchId.split(":")[1], size]),
      [
        ["1-5", 5],
        ["6-10", 5],
        ["11-12", 2],
      ],
    );
    assert.equal(server.requests[0]?.authorization, "Bearer token-1");
    assert.equal(server.requests[0]?.idempotencyKey, `"${batches[0]?.batchId}"`);
    assert.deepEqual([deliverer.delivered, deliverer.attempts, deliverer.error], [12, { ok: 3, failed: 0 }, undefined]);
  });

  it("sends the same bytes again through errors, resets and silence, and the server keeps each record once", async () => {
    const bad: Mood[] = ["503", "reset", "reset-after", "silence", "silence-after", "429"];
    const { server, add, untilEmpty, deliverer, delays } = await start(bad, {}, true);
    await add(1, 5);
    await untilEmpty();
    assert.equal(server.requests.length, 7);
    assert.equal(new Set(server.requests.map(({ body }) => body.toString())).size, 1);
    assert.deepEqual([server.store.size, server.counts], [5, { stored: 5, duplicates: 10 }]);
    assert.deepEqual(delays, [1, 2, 3, 4, 5, 6]);
    assert.deepEqual(deliverer.attempts, { ok: 1, failed: 6 });
  });

  it("gives a silent server its time and no more", async () => {
    const { url, ...silent } = await startHostileServer(folder, "gw-1", () => "silence");
    const delivery = new HttpDelivery({ url: new URL(url), token: () => "", timeoutMs: 50 });
    const batch = makeBatch({ gatewayId: "gw-1", spool: "s", first: 1, last: 1, at: 0, records: [record(1)] });
    const { outcome, ...told } = await delivery.post(batch, new AbortController().signal);
    assert.equal(outcome, "failed");
    assert.match((told as { error: string }).error, /ETIMEDOUT/);
    delivery.close();
    await silent.close();
  });

  it("keeps what the server refuses for good as a file, and goes on behind it", async () => {
    const { server, add, untilEmpty, deadLetters, refused } = await start(["400"]);
    await add(1, 10);
    await untilEmpty();
    assert.deepEqual([server.store.size, deadLetters.count, refused.length], [5, 1, 1]);
    const [name] = readdirSync(join(folder, "dead"));
    const [why, body] = readFileSync(join(folder, "dead", name as string), "utf8").split("\n");
    assert.match(JSON.parse(why as string).error, /answered 400/);
    assert.equal(body, server.requests[0]?.body.toString());
    assert.equal(new DeadLetters(join(folder, "dead")).count, 1, "known again after a restart");
  });

  it("tries once more at once with the credential as it is by then", async () => {
    const tokens = ["old", "new"];
    const { server, add, untilEmpty, delays } = await start(["401"], { token: () => tokens.shift() ?? "new" });
    await add(1, 1);
    await untilEmpty();
    assert.deepEqual(
      server.requests.map(({ authorization }) => authorization),
      ["Bearer old", "Bearer new"],
    );
    assert.deepEqual(delays, []);
  });

  it("goes on after a restart where it was", async () => {
    const first = await start(["silence"]);
    await first.add(1, 7);
    while (first.server.requests.length === 0) await new Promise(setImmediate);
    for (const close of closing.splice(0).reverse()) await close();
    await first.server.close();
    assert.deepEqual(first.batches, []);
    const second = await start([]);
    await second.untilEmpty();
    assert.deepEqual(second.server.counts, { stored: 7, duplicates: 0 });
  });

  it("drops the oldest dead letters beyond their cap, counted", () => {
    const letters = new DeadLetters(join(folder, "dead"), 1000);
    for (let i = 0; i < 5; i++) {
      letters.add({ at: i, batchId: `s:${i}-${i}`, size: 1, error: "x", body: Buffer.alloc(300, 0x61) });
    }
    assert.deepEqual([letters.count, letters.dropped], [2, 3]);
    assert.deepEqual(
      readdirSync(join(folder, "dead")).map((name) => name.slice(14)),
      ["s-3-3.json", "s-4-4.json"],
    );
  });

  it("takes answers about the way for repeatable, and those about the batch for final", () => {
    const outcomes = (...codes: number[]) => codes.map((code) => deliveryOf("h", code, undefined).outcome);
    assert.deepEqual(new Set(outcomes(200, 201, 204)), new Set(["delivered"]));
    assert.deepEqual(new Set(outcomes(400, 409, 413, 415, 422)), new Set(["refused"]));
    assert.deepEqual(new Set(outcomes(301, 401, 403, 404, 408, 429, 500, 502, 503)), new Set(["failed"]));
    assert.deepEqual(deliveryOf("h", 429, "3"), {
      outcome: "failed",
      error: "h answered 429 (too many batches)",
      retryAfterMs: 3000,
    });
  });

  it("waits up to 0.5 s, 1 s ... 60 s, and never less than the server asks for", () => {
    const ceilings = [1, 2, 3, 8, 9, 1000].map((failures) => retryDelay(failures, 0, () => 1));
    assert.deepEqual(ceilings, [500, 1000, 2000, 60_000, 60_000, 60_000]);
    assert.equal(
      retryDelay(1, 5000, () => 0),
      5000,
    );
    assert.equal(
      retryDelay(1, 1e9, () => 0),
      600_000,
    );
    const delays = Array.from({ length: 200 }, () => retryDelay(1));
    assert.ok(Math.min(...delays) < 100 && Math.max(...delays) > 400 && Math.max(...delays) < 500);
  });

  it("takes https addresses, and plain ones to this machine only", () => {
    for (const url of ["https://a.example/x", "http://127.0.0.1:1/x", "http://localhost/", "http://[::1]/"]) {
      assert.equal(deliveryUrl(url).href.replace(/\/$/, ""), url.replace(/\/$/, ""));
    }
    for (const url of [
      "http://a.example/",
      "ftp://a",
      "nonsense",
      "https://user:secret@a.example/",
      "http://127.evil/",
    ]) {
      assert.throws(
        () => deliveryUrl(url),
        (error: Error) => !error.message.includes("secret"),
        url,
      );
    }
  });

  it("verifies the server's certificate, with an authority of one's own where it is given", async () => {
    const { authority, certificate, key } = makeCertificates(folder, "mine");
    const secure = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (request, response) => {
      request.resume().once("end", () => response.end("{}"));
    }).listen(0, "127.0.0.1");
    await once(secure, "listening");
    const url = new URL(`https://127.0.0.1:${(secure.address() as AddressInfo).port}/`);
    const batch = makeBatch({ gatewayId: "g", spool: "s", first: 1, last: 1, at: 0, records: [record(1)] });
    const outcome = async (options: Partial<HttpDeliveryOptions>) => {
      const delivery = new HttpDelivery({ url, token: () => "t", ...options });
      const result = await delivery.post(batch, AbortSignal.timeout(10_000));
      delivery.close();
      return result;
    };
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    // biome-ignore lint/complexity/useLiteralKeys: an index signature
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    try {
      const refused = await outcome({});
      assert.equal(refused.outcome, "failed");
      assert.match((refused as { error: string }).error, /its certificate is not trusted/);
    } finally {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
    }
    assert.deepEqual(await outcome({ caFile: authority }), { outcome: "delivered" });
    secure.close();
  });
});
