import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** How each program is called: its name, after whatever runs it elsewhere. Never text of a user or a packet. */
export interface FirewallCommands {
  nft: readonly string[];
  iptables: readonly string[];
  iptablesRestore: readonly string[];
  ip6tables: readonly string[];
  ip6tablesRestore: readonly string[];
  ss: readonly string[];
  conntrack: readonly string[];
}

const NAMESPACE = /^[A-Za-z0-9_-]{1,32}$/;

/**
 * @param namespace network namespace to run in, for tests; this process's own without.
 * @throws {Error} for a name that is none.
 */
export function firewallCommands(namespace?: string): FirewallCommands {
  if (namespace && !NAMESPACE.test(namespace))
    throw new Error("the network namespace is not 1 to 32 of A-Z a-z 0-9 _ -");
  const prefix = namespace ? ["ip", "netns", "exec", namespace] : [];
  return {
    nft: [...prefix, "nft"],
    iptables: [...prefix, "iptables"],
    iptablesRestore: [...prefix, "iptables-restore"],
    ip6tables: [...prefix, "ip6tables"],
    ip6tablesRestore: [...prefix, "ip6tables-restore"],
    ss: [...prefix, "ss"],
    conntrack: [...prefix, "conntrack"],
  };
}

/** A program failed; `problem` says in one line why, for people. */
export class CommandError extends Error {
  override readonly name = "CommandError";

  constructor(
    readonly program: string,
    readonly problem: string,
    readonly failure: "missing" | "not-permitted" | "no-such" | "failed",
    readonly exitCode: number | undefined,
  ) {
    super(`${program}: ${problem}`);
  }
}

const TIMEOUT_MS = 10_000;
/** 10,000 addresses as nft lists them are about 1 MB. */
const MAX_OUTPUT = 33_554_432;
const MAX_PROBLEM = 300;

function commandError(program: string, exitCode: number | undefined, output: string): CommandError {
  const line = output.split("\n").find((text) => text.trim() !== "") ?? "it failed and did not say why";
  const problem = line.trim().slice(0, MAX_PROBLEM);
  if (/not permitted|permission denied/i.test(output)) {
    return new CommandError(program, problem, "not-permitted", exitCode);
  }
  const isNoSuch = /no such file or directory|does not exist|No chain\/target\/match/i.test(output);
  return new CommandError(program, problem, isNoSuch ? "no-such" : "failed", exitCode);
}

/**
 * A file that nobody can find any more, open for reading. nft opens its standard input by name (`/dev/stdin`), which
 * fails for the socket that Node makes of a pipe.
 */
function openInput(text: string): number {
  const folder = mkdtempSync(join(tmpdir(), "redoubt-input-"));
  try {
    const path = join(folder, "input");
    writeFileSync(path, text);
    return openSync(path, "r");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Runs a program without a shell. What comes from outside goes to its standard input, or is an address that was parsed.
 *
 * @returns what it wrote.
 * @throws {CommandError}
 */
export function runCommand(
  command: readonly string[],
  args: readonly string[],
  input?: string,
): Promise<{ stdout: string; stderr: string }> {
  const [file, ...before] = command as [string, ...string[]];
  const program = command.at(-1) as string;
  // The folders of administration are missing from the path of many services.
  const path = [process.env.PATH ?? "/usr/bin:/bin", "/usr/sbin", "/sbin"].join(delimiter);
  return new Promise((resolve, reject) => {
    const stdin = input === undefined ? undefined : openInput(input);
    const child = spawn(file, [...before, ...args], {
      env: { PATH: path, LC_ALL: "C" },
      stdio: [stdin ?? "ignore", "pipe", "pipe"],
      timeout: TIMEOUT_MS,
      killSignal: "SIGKILL",
      shell: false,
      windowsHide: true,
    });
    if (stdin !== undefined) closeSync(stdin);
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name]?.setEncoding("utf8").on("data", (text: string) => {
        output[name] += text;
        if (output[name].length > MAX_OUTPUT) child.kill("SIGKILL");
      });
    }
    child.once("error", (error: NodeJS.ErrnoException) => {
      const isMissing = error.code === "ENOENT";
      const problem = isMissing ? "it is not installed" : error.message;
      reject(new CommandError(program, problem, isMissing ? "missing" : "failed", undefined));
    });
    child.once("close", (code, signal) => {
      if (code === 0) resolve(output);
      else if (signal)
        reject(new CommandError(program, `stopped by ${signal}: too slow or too much`, "failed", undefined));
      else reject(commandError(program, code ?? undefined, `${output.stderr}\n${output.stdout}`));
    });
  });
}
