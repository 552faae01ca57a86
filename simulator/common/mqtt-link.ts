import { connectAsync, type MqttClient } from "mqtt";
import type { Account } from "../../lib/broker/accounts.js";

const CONNECT_TIMEOUT_MS = 10_000;
/** Of a thousand at once the last ones would run out of time on a slow machine, while it works for the first ones. */
const CONNECTING_AT_ONCE = 50;
const RECONNECT_MS = 2000;

/** The broker's address without what a URL may hold of credentials. */
export function brokerName(url: string): string {
  try {
    const { protocol, host } = new URL(url);
    return `${protocol}//${host}`;
  } catch {
    return "the given URL";
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: string | number; message?: string };
  // A refused connection to a name with several addresses is an AggregateError without a message.
  return message || String(code ?? error);
}

/**
 * Connects one client; once connected it reconnects by itself for ever.
 *
 * @param onTrouble told when the connection is lost and when it is back, for one line to the user.
 * @throws {Error} with one line that names the broker when the first attempt fails.
 */
export async function connectTo(
  url: string,
  clientId: string,
  account: Account | undefined,
  onTrouble: (line: string) => void,
): Promise<MqttClient> {
  let client: MqttClient;
  try {
    client = await connectAsync(
      url,
      {
        clientId,
        ...(account ?? {}),
        clean: true,
        keepalive: 30,
        connectTimeout: CONNECT_TIMEOUT_MS,
        reconnectPeriod: RECONNECT_MS,
        // A reading that could not be sent is old when the broker is back.
        queueQoSZero: false,
        // Its own traces, which nobody reads, would cost a message a dozen calls.
        log: () => {},
      },
      false,
    );
  } catch (error) {
    throw new Error(`${clientId} cannot connect to the broker at ${brokerName(url)}: ${reasonOf(error)}`);
  }
  let isUp = true;
  client.on("close", () => {
    if (isUp && !client.disconnecting) onTrouble(`${clientId} lost the broker, connecting again`);
    isUp = false;
  });
  client.on("connect", () => {
    if (!isUp) onTrouble(`${clientId} is connected again`);
    isUp = true;
  });
  // Without a listener an error of a later attempt would end the process; "close" has told the user.
  client.on("error", () => {});
  return client;
}

export interface NamedClient {
  name: string;
  account: Account | undefined;
}

/** Connects several clients, or none: when one fails those that are connected are closed. */
export async function connectAll(
  url: string,
  clients: readonly NamedClient[],
  onTrouble: (line: string) => void,
): Promise<MqttClient[]> {
  const connected: MqttClient[] = [];
  for (let at = 0; at < clients.length; at += CONNECTING_AT_ONCE) {
    const some = clients.slice(at, at + CONNECTING_AT_ONCE);
    const attempts = await Promise.allSettled(
      some.map(({ name, account }) => connectTo(url, name, account, onTrouble)),
    );
    connected.push(...attempts.flatMap((attempt) => (attempt.status === "fulfilled" ? [attempt.value] : [])));
    const failed = attempts.find((attempt) => attempt.status === "rejected");
    if (!failed) continue;
    await closeAll(connected);
    throw failed.reason;
  }
  return connected;
}

export async function closeAll(clients: readonly MqttClient[]): Promise<void> {
  // Not by force while connected: what was handed over last still leaves. A lost broker would not answer.
  await Promise.all(clients.map((client) => client.endAsync(!client.connected)));
}
