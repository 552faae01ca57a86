// An SSH server with users of its own: nothing of this machine's accounts, keys or folders is used or changed.
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GATEWAY } from "./hosts.js";
import type { LabNetwork } from "./namespaces.js";
import { sftpServer, toolPath } from "./tools.js";

/** Its password is in no word list; people log in with the key. */
export const SSH_USER = "admin";
const PASSWORD_HASH = "$6$redoubtlab$locked";

export interface SshAccess {
  /** Options with which `ssh` and `scp` log in as {@link SSH_USER} without questions and without the caller's own configuration. */
  options: string[];
}

const PASSWD = (home: string) => `root:x:0:0::/nonexistent:/bin/sh
sshd:x:110:65534::/run/sshd:/usr/sbin/nologin
${SSH_USER}:x:1110:1110::${home}:/bin/sh
nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin
`;

const SHADOW = `root:*:19000:0:99999:7:::
sshd:*:19000:0:99999:7:::
${SSH_USER}:${PASSWORD_HASH}:19000:0:99999:7:::
`;

function config(folder: string): string {
  return `Port 22
ListenAddress 0.0.0.0
HostKey ${join(folder, "host_key")}
AuthorizedKeysFile ${join(folder, "authorized_keys")}
StrictModes no
UsePAM no
PasswordAuthentication yes
MaxStartups 100
PidFile none
Subsystem sftp ${sftpServer()}
`;
}

/** Starts sshd on port 22 of the gateway. */
export function startSshServer(network: LabNetwork): SshAccess {
  const folder = join(network.folder, "ssh");
  const home = join(folder, "home");
  mkdirSync(home, { recursive: true });
  chmodSync(home, 0o777);
  const key = join(folder, "user_key");
  for (const file of [key, join(folder, "host_key")]) {
    execFileSync(toolPath("ssh-keygen"), ["-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", file]);
  }
  execFileSync("cp", [`${key}.pub`, join(folder, "authorized_keys")]);
  const files = { passwd: PASSWD(home), shadow: SHADOW, sshd_config: config(folder) };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  // Mounts in a mount namespace of its own: nobody else sees them, and they end with the server.
  const script = `set -e
mount --make-rprivate /
mount --bind "$1/passwd" /etc/passwd
mount --bind "$1/shadow" /etc/shadow
mount -t tmpfs tmpfs /run
mkdir -m 755 /run/sshd
exec "$2" -D -E "$1/log" -f "$1/sshd_config"`;
  network.spawn(GATEWAY, "unshare", ["-m", "sh", "-c", script, "sshd", folder, toolPath("sshd")], { stdio: "ignore" });
  const options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "BatchMode=yes"];
  return { options: ["-F", "none", "-i", key, ...options.flatMap((option) => ["-o", option])] };
}
