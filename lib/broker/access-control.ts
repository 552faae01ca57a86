import type { AedesOptions, AuthenticateError, Client, PublishPacket, Subscription } from "aedes" with {
  "resolution-mode": "import",
};
import type { GuardedStream } from "./guarded-stream.js";
import type { BrokerLimits } from "./limits.js";
import type { LoginLockout } from "./login-lockout.js";
import type { RefusalCounter, RefusalReason } from "./refusals.js";
import type { RemoteAddress } from "./remote-address.js";
import { Session } from "./session.js";
import type { UserStore } from "./user-store.js";

/** CONNACK return codes, MQTT 3.1.1 table 3.1. */
const IDENTIFIER_REJECTED = 2;
const BAD_USER_NAME_OR_PASSWORD = 4;
const NOT_AUTHORIZED = 5;

/** Who is behind a stream that was handed to aedes. */
export interface Origin {
  stream: GuardedStream;
  address: RemoteAddress;
}

export interface AccessControlSettings {
  users: UserStore;
  lockout: LoginLockout;
  limits: BrokerLimits;
  refusals: RefusalCounter;
  originOf: (client: Client) => Origin | undefined;
}

type Verdict = { session: Session } | { reason: RefusalReason; returnCode: number };

/** The broker's login and topic rules, as the hooks that aedes calls. */
export class AccessControl {
  readonly counts = { publishes: 0, deniedPublish: 0, deniedSubscribe: 0 };
  private readonly sessions = new WeakMap<object, Session>();
  private readonly ownerOfClientId = new Map<string, { client: Client; username: string }>();
  private readonly retainedTopics = new Set<string>();

  constructor(private readonly settings: AccessControlSettings) {}

  sessionOf(client: Client): Session | undefined {
    return this.sessions.get(client);
  }

  /** Connections of a user, to close them when its record changed. */
  clientsOf(username: string): Client[] {
    return [...this.ownerOfClientId.values()]
      .filter((owner) => owner.username === username)
      .map(({ client }) => client);
  }

  connected(client: Client): void {
    const session = this.sessions.get(client);
    if (session) this.ownerOfClientId.set(client.id, { client, username: session.username });
  }

  disconnected(client: Client): void {
    if (this.ownerOfClientId.get(client.id)?.client === client) this.ownerOfClientId.delete(client.id);
  }

  /** For the AedesOptions of the same names. */
  hooks(): Required<
    Pick<AedesOptions, "preConnect" | "authenticate" | "authorizePublish" | "authorizeSubscribe" | "authorizeForward">
  > {
    return {
      preConnect: (_client, packet, callback) => {
        const { keepaliveLimitSec } = this.settings.limits;
        const keepalive = packet.keepalive ?? 0;
        // aedes answers these two with a CONNACK of its own; we only count.
        if (keepalive === 0 || keepalive > keepaliveLimitSec) this.settings.refusals.add("keepalive");
        // Sessions would outlive their connection in this process's memory, with queues that aedes does not bound,
        // for whoever comes back under the client id. CONNACK says so truthfully: no session present.
        packet.clean = true;
        callback(null, true);
      },
      authenticate: (client, username, password, done) => {
        this.login(client, username, password).then(
          (verdict) => this.answer(client, verdict, done),
          (error: Error) => done(Object.assign(error, { returnCode: NOT_AUTHORIZED }), false),
        );
      },
      authorizePublish: (client, packet, callback) => callback(this.publishError(client, packet)),
      authorizeSubscribe: (client, subscription, callback) => {
        callback(null, this.grants(client, subscription) ? subscription : null);
      },
      authorizeForward: (_client, packet) => packet,
    };
  }

  private answer(
    client: Client,
    verdict: Verdict,
    done: (error: AuthenticateError | null, success: boolean | null) => void,
  ): void {
    if ("reason" in verdict) {
      this.settings.refusals.add(verdict.reason);
      done(Object.assign(new Error(verdict.reason), { returnCode: verdict.returnCode }), false);
      return;
    }
    this.sessions.set(client, verdict.session);
    done(null, true);
    this.settings.originOf(client)?.stream.admit();
  }

  private async login(client: Client, username: string | undefined, password: Buffer | undefined): Promise<Verdict> {
    const { users, lockout, limits } = this.settings;
    const origin = this.settings.originOf(client);
    if (!origin || username === undefined || password === undefined) {
      return { reason: "login-failed", returnCode: NOT_AUTHORIZED };
    }
    if (lockout.isLocked(origin.address, username)) return { reason: "login-locked", returnCode: NOT_AUTHORIZED };
    const user = await users.verify(username, password);
    if (!user) {
      lockout.failed(origin.address, username);
      return { reason: "login-failed", returnCode: BAD_USER_NAME_OR_PASSWORD };
    }
    lockout.succeeded(origin.address, username);
    const session = new Session(username, user, limits.maxSubscriptions);
    const { clientId = "", willTopic } = origin.stream.connect ?? {};
    // MQTT-3.1.4-2 lets a newcomer end the connection that has its client id: only its own, here.
    const owner = this.ownerOfClientId.get(clientId);
    if (owner && owner.username !== username) return { reason: "client-id-taken", returnCode: IDENTIFIER_REJECTED };
    if (willTopic !== undefined && !session.mayPublish(willTopic)) {
      this.counts.deniedPublish++;
      return { reason: "will-denied", returnCode: NOT_AUTHORIZED };
    }
    return { session };
  }

  /**
   * MQTT 3.1.1 has no way to tell a client that a message was refused: the broker either acknowledges and drops it
   * or closes the connection (MQTT-3.3.5-2). We close (aedes does, on an error): a device with wrong rights is then
   * seen at once instead of losing its readings in silence.
   */
  private publishError(client: Client | null, packet: PublishPacket): Error | null {
    // Without a client it is the broker's own message.
    if (!client) return null;
    this.counts.publishes++;
    const { topic, retain } = packet;
    if (!this.sessions.get(client)?.mayPublish(topic)) return this.deny("not allowed to publish there");
    if (retain && !this.mayRetain(topic, packet.payload.length)) return this.deny("too many retained topics");
    return null;
  }

  private deny(message: string): Error {
    this.counts.deniedPublish++;
    return new Error(message);
  }

  private mayRetain(topic: string, payloadLength: number): boolean {
    if (payloadLength === 0) this.retainedTopics.delete(topic);
    else if (!this.retainedTopics.has(topic)) {
      if (this.retainedTopics.size >= this.settings.limits.maxRetainedTopics) return false;
      this.retainedTopics.add(topic);
    }
    return true;
  }

  private grants(client: Client, subscription: Subscription): boolean {
    const granted = this.sessions.get(client)?.subscribe(subscription.topic) ?? false;
    if (!granted) this.counts.deniedSubscribe++;
    return granted;
  }
}
