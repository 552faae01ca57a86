import assert from "node:assert/strict";
import { OwnProcess } from "../../bench/harness/own-process.js";

function failing(script: string): Promise<never> {
  return new OwnProcess("the worker", { command: process.execPath, args: ["-e", script] }).failure();
}

describe("a benchmark's process that ends early", () => {
  it("is reported with its exit code and what it said last", async () => {
    await assert.rejects(failing("console.error('no room'); process.exit(3)"), {
      message: "the worker ended early with exit code 3: no room",
    });
  });

  it("is reported with the signal that ended it", async () => {
    await assert.rejects(failing("process.kill(process.pid, 'SIGKILL')"), {
      message: "the worker ended early by SIGKILL",
    });
  });
});
