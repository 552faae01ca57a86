import { accessSync, constants, existsSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { dirname } from "node:path";
import mqtt from "mqtt";
import { ensurePrivateFolder } from "../../lib/common/files.js";
import { CommandFailure } from "../failure.js";

const CONNECT_TIMEOUT_MS = 5000;

/** @throws {CommandFailure} naming the folder when it cannot be created or written. */
export function assertWritableHome(path: string): void {
  try {
    ensurePrivateFolder(path);
    if (!statSync(path).isDirectory()) throw new Error("not a folder");
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch {
    const blocked = existsSync(path) ? path : dirname(path);
    throw new CommandFailure(`cannot write to ${path} (check ${blocked}); set REDOUBT_HOME to a folder of yours`);
  }
}

/** @throws {CommandFailure} naming the variable that moves the port when something else holds it. */
export async function assertPortFree(host: string, port: number, variable: string): Promise<void> {
  const failure = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    const probe = createServer();
    probe.once("error", resolve);
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(undefined)));
  });
  if (!failure) return;
  if (failure.code === "EADDRINUSE") {
    throw new CommandFailure(`port ${port} on ${host} is taken by another program; stop it or set ${variable}`);
  }
  throw new CommandFailure(`cannot listen on ${host}:${port} (${failure.code ?? failure.message})`);
}

const UNTRUSTED_CERTIFICATE = /SELF_SIGNED|UNABLE_TO_(GET_ISSUER_CERT|VERIFY)|CERT_UNTRUSTED|CERT_SIGNATURE_FAILURE/;

function connectFailure(error: Error): string {
  const { code } = error as { code?: string | number };
  // A broker's refusal carries a number from MQTT, which tells a person nothing.
  if (typeof code !== "string") return error.message;
  if (!UNTRUSTED_CERTIFICATE.test(code)) return code;
  return `${code}: its certificate is of no authority known here; name yours in NODE_EXTRA_CA_CERTS`;
}

/** @throws {CommandFailure} when no MQTT broker answers at the address or it refuses the login. */
export async function assertBrokerReachable(
  url: URL,
  login: { username: string; password: string } | undefined,
): Promise<void> {
  const address = `${url.protocol}//${url.host}`;
  const client = mqtt.connect(address, {
    ...(login ?? {}),
    reconnectPeriod: 0,
    connectTimeout: CONNECT_TIMEOUT_MS,
  });
  const reason = await new Promise<string | undefined>((resolve) => {
    client.once("connect", () => resolve(undefined));
    client.once("error", (error) => resolve(connectFailure(error)));
    client.once("close", () => resolve("no answer"));
  });
  await client.endAsync(true);
  if (reason) throw new CommandFailure(`no MQTT broker to use at REDOUBT_MQTT_URL ${address} (${reason})`);
}
