import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MAIN } from "./run-cli.js";

/** Runs `redoubt` for a reader that has gone before the first word. */
async function runUnread(...args: string[]): Promise<{ code: number; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.destroy();
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const [code] = await once(child, "close");
  return { code, stderr };
}

describe("a reader that goes away", () => {
  it("is no error: a command ends as it would have", async () => {
    assert.deepEqual(await runUnread("detect", "--help"), { code: 0, stderr: "" });
  });

  it("stops what runs until it is stopped", async () => {
    const folder = mkdtempSync(join(tmpdir(), "redoubt-readers-"));
    try {
      assert.deepEqual(await runUnread("simulate", "network", "--folder", folder), { code: 0, stderr: "" });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
