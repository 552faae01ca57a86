import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RateLimit } from "../../../lib/verify/rate-limit.js";
import { countedVerifier, NOW, sealed, topicOf } from "./counted-fleet.js";

const AWAY_SEC = 600;
const away = { from: NOW - AWAY_SEC * 1000, to: NOW };

describe("MessageVerifier after an absence of its gateway", () => {
  let folder: string;
  let runs = 0;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-backlog-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function receiver(rate: number, burst: number, isAway = true) {
    const verifier = countedVerifier(join(folder, `${++runs}`), { rate: new RateLimit({ rate, burst }) });
    return (id: string, counter: number, madeAt: number) => {
      const timestamp = id === "cose-1" ? new Date(madeAt).toISOString() : 0;
      const message = sealed(id, { temperature: 20, timestamp }, { counter });
      // Ten a millisecond.
      const at = NOW + Math.floor(counter / 10);
      const record = { journal: "0123456789abcdef", n: counter, ...(isAway && { away }) };
      return verifier.verify(message, topicOf(id), at, record);
    };
  }

  for (const id of ["cose-1", "hmac-1"]) {
    const who = id === "cose-1" ? "a device with a clock" : "a device without a clock";

    it(`refuses nothing that ${who} made meanwhile, ten times a second, and marks it`, () => {
      const send = receiver(50, 200);
      for (let i = 0; i < AWAY_SEC * 10; i++) {
        const result = send(id, i + 1, away.from + i * 100);
        assert.ok("reading" in result, `${i}: ${"rejection" in result && result.rejection.reason}`);
        if (i > 0 && i < AWAY_SEC * 9) assert.equal(result.received.backlog, true, `message ${i}`);
      }
    });

    it(`lets a thief of the key of ${who} pass as much as the limit allows in that time, and no more`, () => {
      const [rate, burst] = [2, 10];
      const send = receiver(rate, burst);
      let passed = 0;
      for (let i = 0; i < 3000; i++) {
        if ("reading" in send(id, i + 1, away.from - 300_000 + i * 200)) passed++;
      }
      assert.ok(passed <= rate * (AWAY_SEC + 300) + burst + 5, `${passed}`);
      const live = receiver(rate, burst, false);
      let passedLive = 0;
      for (let i = 0; i < 3000; i++) if ("reading" in live("hmac-1", i + 1, 0)) passedLive++;
      assert.ok(passedLive <= burst + 1, `${passedLive}`);
    });
  }

  it("takes what was made since the absence began for fresh, and nothing older", () => {
    const codeOf = (madeAt: number, isAway: boolean) => {
      const result = receiver(50, 200, isAway)("cose-1", 1, madeAt);
      return "rejection" in result ? result.rejection.code : "accepted";
    };
    assert.equal(codeOf(away.from, true), "accepted");
    assert.equal(codeOf(away.from, false), "STALE");
    assert.equal(codeOf(away.from - 299_000, true), "accepted");
    assert.equal(codeOf(away.from - 301_000, true), "STALE");
    assert.equal(codeOf(NOW + 301_000, true), "STALE");
  });
});
