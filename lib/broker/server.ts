import { createServer, type Server, type Socket } from "node:net";
import type { Aedes, Client } from "aedes" with { "resolution-mode": "import" };
import { AccessControl, type Origin } from "./access-control.js";
import { Admission } from "./admission.js";
import { GuardedStream } from "./guarded-stream.js";
import { type BrokerLimits, completeLimits } from "./limits.js";
import { LoginLockout } from "./login-lockout.js";
import { PendingConnections } from "./pending.js";
import { RefusalCounter, type RefusalReason } from "./refusals.js";
import { remoteAddress } from "./remote-address.js";
import { RESERVED_PREFIX } from "./session.js";
import { UserStore } from "./user-store.js";

/** Where the broker publishes its {@link BrokerStats} as JSON, every two seconds, retained. */
export const STATS_TOPIC = `${RESERVED_PREFIX}stats`;
const STATS_INTERVAL_MS = 2000;

export interface BrokerOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** See `readUsers`. */
  usersFile: string;
  limits?: Partial<BrokerLimits>;
  /** Told of a users file that became unreadable while running. */
  onWarning?: (message: string) => void;
  /** Monotonic clock for rates and lock-outs, milliseconds. */
  now?: () => number;
}

export interface BrokerStats {
  /** Logged-in clients. */
  connected: number;
  /** Connections before login. */
  pending: number;
  /** Refused or closed by the guard, by reason, since the start. */
  refused: Partial<Record<RefusalReason, number>>;
  /** Messages that clients published, allowed or not. */
  publishes: number;
  deniedPublish: number;
  deniedSubscribe: number;
  rssBytes: number;
}

export interface Broker {
  port: number;
  stats(): BrokerStats;
  close(): Promise<void>;
}

/** aedes' clients carry the stream they were made for. */
function streamOf(client: Client): object {
  return client.conn;
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(new Error(listenFailure(error, host, port))));
    server.listen({ host, port }, resolve);
  });
  server.removeAllListeners("error");
  const address = server.address();
  return typeof address === "object" && address ? address.port : port;
}

function listenFailure(error: NodeJS.ErrnoException, host: string, port: number): string {
  const where = `MQTT port ${port} on ${host}`;
  if (error.code === "EADDRINUSE") return `${where} is taken; stop the other broker or set REDOUBT_MQTT_PORT`;
  if (error.code === "EACCES") return `${where} needs rights that this user lacks; set REDOUBT_MQTT_PORT above 1023`;
  return `${where} cannot be used (${error.code ?? error.message})`;
}

/**
 * Starts an MQTT 3.1.1 broker (aedes) behind a guard: users with passwords and topic rights, bounded packets,
 * connections and memory, also for clients that never log in. It keeps nothing on disk, and no sessions of clients
 * that went away; for that there is Mosquitto (`deploy/mosquitto`).
 *
 * @throws {Error} with one line for a user: port taken, users file missing or not valid, unknown limit.
 */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const limits = completeLimits(options.limits);
  const now = options.now ?? (() => performance.now());
  const users = new UserStore(options.usersFile, options.onWarning);
  const refusals = new RefusalCounter();
  const admission = new Admission(limits, now);
  const lockout = new LoginLockout(limits, now);
  const pending = new PendingConnections(limits);
  const origins = new WeakMap<object, Origin>();
  const originOf = (client: Client) => origins.get(streamOf(client));
  const access = new AccessControl({ users, lockout, limits, refusals, originOf });

  const { Aedes } = await import("aedes");
  const aedes: Aedes = await Aedes.createBroker({
    connectTimeout: limits.connectTimeoutMs,
    keepaliveLimit: limits.keepaliveLimitSec,
    drainTimeout: 10_000,
    maxTopicLevels: 16,
    concurrency: 100,
    ...access.hooks(),
  });
  aedes.on("clientReady", (client) => access.connected(client));
  aedes.on("clientDisconnect", (client) => access.disconnected(client));
  aedes.on("unsubscribe", (filters, client) => {
    for (const filter of filters) access.sessionOf(client)?.unsubscribe(filter);
  });

  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    const address = remoteAddress(socket.remoteAddress);
    const refusal = lockout.isAddressLocked(address) ? "address-locked" : admission.enter(address);
    if (refusal) {
      refusals.add(refusal);
      socket.on("error", () => {});
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.on("close", () => {
      sockets.delete(socket);
      admission.leave(address);
    });
    const stream = new GuardedStream(socket, { limits, pending, onRefused: (reason) => refusals.add(reason) });
    origins.set(stream, { stream, address });
    aedes.handle(stream);
  });

  const stats = (): BrokerStats => ({
    connected: aedes.connectedClients,
    pending: pending.size,
    refused: refusals.snapshot(),
    ...access.counts,
    rssBytes: process.memoryUsage.rss(),
  });
  const everyInterval = () => {
    for (const name of users.refresh()) for (const client of access.clientsOf(name)) client.close();
    const payload = JSON.stringify(stats());
    aedes.publish({ cmd: "publish", topic: STATS_TOPIC, payload, qos: 0, dup: false, retain: true }, () => {});
  };

  const closeAedes = () => new Promise<void>((resolve) => aedes.close(() => resolve()));
  let port: number;
  try {
    port = await listen(server, options.host, options.port);
  } catch (error) {
    await closeAedes();
    throw error;
  }
  const timer = setInterval(everyInterval, STATS_INTERVAL_MS);

  return {
    port,
    stats,
    close: async () => {
      clearInterval(timer);
      const closed = new Promise((resolve) => server.close(resolve));
      await closeAedes();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
