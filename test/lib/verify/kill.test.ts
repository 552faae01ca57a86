import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { countedVerifier, NOW, sealed, topicOf } from "./counted-fleet.js";

const CHILD = join(__dirname, "..", "..", "support", "replay-kill-child.ts");
const CAPTURED = 10_000;

describe("MessageVerifier, killed", () => {
  it("accepts none of 10,000 captured messages after kill -9", async () => {
    const folder = mkdtempSync(join(tmpdir(), "redoubt-replay-kill-"));
    const path = join(folder, "replay.log");
    try {
      const child = spawn(process.execPath, ["--require", "tsx/cjs", CHILD, path], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let accepted = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        accepted = Number(line);
        if (accepted === CAPTURED) child.kill("SIGKILL");
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      assert.equal(child.signalCode, "SIGKILL");
      assert.ok(accepted >= CAPTURED);

      const verifier = countedVerifier(path);
      const topic = topicOf("cose-1");
      const message = (counter: number) => sealed("cose-1", { temperature: 20, timestamp: NOW / 1000 }, { counter });
      let replayed = 0;
      for (let counter = 1; counter <= CAPTURED; counter++) {
        const result = verifier.verify(message(counter), topic, NOW);
        if (!("rejection" in result)) replayed++;
        else assert.equal(result.rejection.code, "REPLAY");
      }
      assert.equal(replayed, 0);
      // What the journal presents again passes, and the device is not locked out.
      const record = { journal: "00112233aabbccdd", n: CAPTURED - 500 };
      assert.ok("reading" in verifier.verify(message(record.n), topic, NOW, record));
      assert.ok("reading" in verifier.verify(message(accepted + 2), topic, NOW));
      verifier.file.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
