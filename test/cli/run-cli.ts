import { spawn } from "node:child_process";
import { join } from "node:path";

export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The built command, as users run it (`npm test` builds first). */
export const MAIN = join(process.env.REDOUBT_TEST_DIST ?? join(__dirname, "..", "..", "dist"), "cli", "main.js");

/** Runs `redoubt` with `input` on its standard input. */
export function runCli(args: string[], input: string | Buffer = ""): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: "pipe" });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8");
      child[name].on("data", (text: string) => {
        output[name] += text;
      });
    }
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...output }));
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}

/** Standard output as JSON lines. */
export function jsonLines(result: CliResult): Record<string, unknown>[] {
  return result.stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
