// The commands that the lab needs, wherever they are: of this machine, or unpacked by scripts/lab-tools.sh.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { findCommand } from "../../setup.js";
import { projectRoot } from "../node-red.js";

const UNPACKED = join(projectRoot, ".cache", "lab-tools");
/** Not on everybody's PATH. */
const FOLDERS = ["/usr/sbin", "/sbin", join(UNPACKED, "usr", "sbin"), join(UNPACKED, "usr", "bin")];

const NEEDED = [
  "arpspoof",
  "bash",
  "curl",
  "ethtool",
  "hping3",
  "hydra",
  "ip",
  "mosquitto",
  "mosquitto_passwd",
  "mosquitto_pub",
  "mosquitto_sub",
  "nft",
  "nmap",
  "ping",
  "scp",
  "sh",
  "slowhttptest",
  "ss",
  "ssh",
  "ssh-keygen",
  "sshd",
  "tcpdump",
  "timeout",
  "unshare",
];

function find(name: string): string | undefined {
  return findCommand(name) ?? FOLDERS.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** @throws where the tool is missing; ask {@link missingForLab} first. */
export function toolPath(name: string): string {
  const path = find(name);
  if (!path) throw new Error(`${name} is missing: scripts/lab-tools.sh brings it`);
  return path;
}

/** The SFTP server that scp speaks to. */
export function sftpServer(): string {
  const path = ["/usr/lib/openssh/sftp-server", join(UNPACKED, "usr/lib/openssh/sftp-server")].find(existsSync);
  if (!path) throw new Error("sftp-server is missing: scripts/lab-tools.sh brings it");
  return path;
}

/** What keeps the lab from running here, as one line; empty when nothing does. */
export function missingForLab(): string {
  const missing = NEEDED.filter((name) => !find(name));
  if (process.platform !== "linux") return "network namespaces (Linux)";
  if (process.getuid?.() !== 0) return "root, for network namespaces";
  return missing.length === 0 ? "" : `${missing.join(", ")} (scripts/lab-tools.sh)`;
}
