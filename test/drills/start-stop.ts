import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom } from "../../lib/common/seeded-random.js";
import { RunningCommand } from "../support/demo.js";
import { startedWith } from "../support/processes.js";
import type { Drill } from "./drill.js";

const STARTS = 20;
const REDUCED_STARTS = 3;
/** An impatient person's Ctrl-C comes within this after the start. */
const IMPATIENT_MS = 4000;
const ORPHAN_PATIENCE_MS = 60_000;

async function sleep(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits for the last process of this home to end. */
async function assertNoOrphan(home: string): Promise<void> {
  const deadline = Date.now() + ORPHAN_PATIENCE_MS;
  for (;;) {
    const left = startedWith("REDOUBT_HOME", home);
    if (left.length === 0) return;
    if (Date.now() > deadline) {
      assert.fail(`still running: ${left.map(({ pid, commandLine }) => `${pid} ${commandLine}`).join("; ")}`);
    }
    await sleep(100);
  }
}

export const startStop: Drill = {
  name: "start-stop",
  summary: `the demo started and stopped by Ctrl-C ${STARTS} times (${REDUCED_STARTS}), and as often in mid-start: no process is left`,
  async run({ reduced, seed, progress }) {
    if (!existsSync("/proc/self/environ")) throw new Error("it needs /proc (Linux)");
    const starts = reduced ? REDUCED_STARTS : STARTS;
    const random = new SeededRandom(seed);
    const home = mkdtempSync(join(tmpdir(), "redoubt-start-stop-"));
    try {
      for (let i = 1; i <= starts; i++) {
        const whole = await RunningCommand.start("demo", { home, ownGroup: true });
        await whole.untilPrinted(/Ctrl-C ends everything/);
        assert.ok(startedWith("REDOUBT_HOME", home).length >= 4, "command, broker, Node-RED and plant run");
        assert.equal(await whole.pressControlC(), 0, whole.output);
        await assertNoOrphan(home);

        const cut = await RunningCommand.start("demo", { home, ownGroup: true });
        const afterMs = random.integer(IMPATIENT_MS);
        await sleep(afterMs);
        // In a terminal all of them get the signal; from a service manager or a script only the command does.
        await (i % 2 === 1 ? cut.pressControlC() : cut.stop("SIGINT"));
        await assertNoOrphan(home);
        progress(`${i} of ${starts} (cut short after ${afterMs} ms)`);
      }
      return `${starts} orderly ends with exit code 0, ${starts} ends in mid-start, no process left`;
    } finally {
      for (const { pid } of startedWith("REDOUBT_HOME", home)) process.kill(pid, "SIGKILL");
      rmSync(home, { recursive: true, force: true });
    }
  },
};
