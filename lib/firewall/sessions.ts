import type { SessionReport } from "../common/firewall.js";
import { CommandError, type FirewallCommands, runCommand } from "./run-command.js";
import { checkedTarget, type Target } from "./target.js";

function problemOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** `ss -K` answers with one line for each socket that it closed; IPv4 in IPv6 notation counts as IPv4. */
async function closeSockets(command: readonly string[], { kind, text }: Target): Promise<number> {
  const address = kind === "ipv6" ? `[${text}]` : text;
  const { stdout, stderr } = await runCommand(command, ["-K", "-H", "-n", "-t", "dst", address]);
  if (/not permitted|not supported/i.test(stderr)) {
    throw new CommandError("ss", stderr.trim().slice(0, 200), "failed", 0);
  }
  return stdout.split("\n").filter((line) => line.trim() !== "").length;
}

async function deleteTracked(command: readonly string[], { kind, text }: Target): Promise<number> {
  let deleted = 0;
  for (const end of ["-s", "-d"]) {
    try {
      const { stdout } = await runCommand(command, ["-D", "-f", kind, end, text]);
      deleted += stdout.split("\n").filter((line) => line.includes("src=")).length;
    } catch (error) {
      // It ends with 1 where there was none.
      const isNone = error instanceof CommandError && error.exitCode === 1 && /\b0 flow entries/.test(error.problem);
      if (!isNone) throw error;
    }
  }
  return deleted;
}

/**
 * Closes what a blocked address has open. The block itself stops its packets; this frees what they hold. A card may
 * belong to several addresses, or claim others', so that nothing is closed for one.
 *
 * @returns what was done and what could not be; never throws.
 */
export async function closeSessions(commands: FirewallCommands, given: Target): Promise<SessionReport> {
  const report: SessionReport = { sockets: 0, tracked: 0, problems: [] };
  const target = checkedTarget(given);
  if (target.kind === "mac") return report;
  const attempt = async (work: Promise<number>): Promise<number> => {
    try {
      return await work;
    } catch (error) {
      report.problems.push(problemOf(error));
      return 0;
    }
  };
  report.sockets = await attempt(closeSockets(commands.ss, target));
  report.tracked = await attempt(deleteTracked(commands.conntrack, target));
  return report;
}
