import type { Account } from "./accounts.js";
import { readUsers } from "./users-file.js";

export interface MosquittoSettings {
  host: string;
  port: number;
  passwordFile: string;
  aclFile: string;
  /** Bytes. */
  maxPacketBytes?: number;
  maxConnections?: number;
}

/** A Mosquitto 2 configuration with the embedded broker's rules: no anonymous clients, bounded messages. */
export function mosquittoConfig(settings: MosquittoSettings): string {
  const lines = [
    `listener ${settings.port} ${settings.host}`,
    `max_connections ${settings.maxConnections ?? 1000}`,
    "allow_anonymous false",
    `password_file ${settings.passwordFile}`,
    `acl_file ${settings.aclFile}`,
    `message_size_limit ${settings.maxPacketBytes ?? 65_536}`,
    "max_keepalive 300",
    "max_queued_messages 1000",
    "set_tcp_nodelay true",
    "persistence false",
    "log_dest stderr",
    "log_type error",
    "log_type warning",
    "log_type notice",
  ];
  return `${lines.join("\n")}\n`;
}

/** The rights in the broker's users file, in the language of Mosquitto's `acl_file`. */
export function mosquittoAcl(usersFile: string): string {
  const blocks = [...readUsers(usersFile)].map(([name, { publish, subscribe }]) =>
    [
      `user ${name}`,
      ...publish.map((filter) => `topic write ${filter}`),
      ...subscribe.map((filter) => `topic read ${filter}`),
    ].join("\n"),
  );
  return `${blocks.join("\n\n")}\n`;
}

/**
 * Content of a Mosquitto `password_file` in plain text. Write it with mode 0600 and hash it at once, in place:
 * `mosquitto_passwd -U FILE`.
 */
export function mosquittoPasswords(accounts: Readonly<Record<string, Account>>): string {
  return Object.values(accounts)
    .map(({ username, password }) => `${username}:${password}\n`)
    .join("");
}
