import type { Report } from "./context.js";
import { type DetectorContext, seconds } from "./context.js";
import type { MqttConnection } from "./mqtt-connection.js";
import { PerSource } from "./sources.js";
import type { DetectedKind } from "./thresholds.js";
import { UnfinishedCount } from "./unfinished.js";
import { WindowCount } from "./window-count.js";

const MAX_CREDENTIALS = 256;
/** Sessions that were opened within the last second have not had the time to be used. */
const GRACE_S = 1;
const MAX_FRESH = 20_000;
/** One that stays open counts for a tenth: a device may have nothing to say for long. */
const HELD_OPEN = 0.1;
/** All clients of one address together, of which there may be hundreds, have this part of the window for as many. */
const SOURCE_PART = 0.5;

interface MqttState {
  /** Digests of refused credentials, with the time of the last refusal. */
  credentials: Map<number, number>;
  unused: WindowCount;
  unusedSince: number;
  published: WindowCount;
  publishedSince: number;
  malformed: WindowCount;
}

/** Brute force, floods, malformed packets, eavesdropping and held connections on MQTT, by source. */
export class MqttAbuseDetector {
  private readonly states: PerSource<MqttState>;
  private readonly slow: UnfinishedCount;
  /** Opened and not used yet, oldest first; after the grace they count. */
  private readonly fresh = new Set<MqttConnection>();
  /** Connections whose packets were not captured whole. */
  lostConnections = 0;

  constructor(private readonly context: DetectorContext) {
    const { thresholds } = context;
    this.states = new PerSource(() => ({
      credentials: new Map(),
      unused: new WindowCount(thresholds["mqtt-connect-flood"].seconds),
      unusedSince: 0,
      published: new WindowCount(SOURCE_PART * thresholds["mqtt-publish-flood"].seconds),
      publishedSince: 0,
      malformed: new WindowCount(thresholds["mqtt-malformed"].seconds),
    }));
    this.slow = new UnfinishedCount(context, "mqtt-slow", "MQTT connections held in silence");
  }

  began(m: MqttConnection): void {
    if (m.c.source !== undefined) this.slow.add(m.c.source, m.c.server, m.c.serverPort, m);
  }

  connected(m: MqttConnection): void {
    if (this.fresh.size >= MAX_FRESH) this.fresh.delete(this.fresh.values().next().value as MqttConnection);
    this.fresh.add(m);
  }

  used(m: MqttConnection): void {
    this.fresh.delete(m);
    if (m.c.source !== undefined) this.slow.remove(m.c.source, m);
  }

  ended(m: MqttConnection): void {
    const wasFresh = this.fresh.delete(m);
    if (m.c.source !== undefined) this.slow.remove(m.c.source, m);
    if (wasFresh && !m.isRefused) this.countUnused(m);
  }

  /** @param credential digest of what was refused, undefined where the login was refused for another reason. */
  refused(m: MqttConnection, credential: number | undefined): void {
    this.fresh.delete(m);
    const { source } = m.c;
    if (source === undefined || credential === undefined) return;
    const { now } = this.context;
    const { count, seconds: window } = this.context.thresholds["mqtt-brute-force"];
    const { credentials } = this.states.of(source);
    // The same one again is no guess; very often, it is a flood.
    if (credentials.delete(credential)) this.countUnused(m);
    credentials.set(credential, now);
    for (const [digest, time] of credentials) {
      if (now - time <= window && credentials.size <= MAX_CREDENTIALS) break;
      credentials.delete(digest);
    }
    const value = credentials.size;
    if (value < count) return;
    const first = credentials.values().next().value ?? now;
    this.tell(m, "mqtt-brute-force", {
      value,
      firstSeen: first,
      reasons: [
        `${value} different credentials refused by ${m.c.server} in ${seconds(first, now)}; ${count} within ${window} s are guessing`,
      ],
    });
  }

  published(m: MqttConnection): void {
    const { now } = this.context;
    const { count, seconds: window } = this.context.thresholds["mqtt-publish-flood"];
    m.rate ??= new WindowCount(window);
    const value = m.rate.add(now);
    if (value === 1) m.rateSince = now;
    if (value >= count) {
      this.tell(m, "mqtt-publish-flood", {
        value,
        firstSeen: m.rateSince,
        reasons: [
          `client "${m.clientId}" published ${value} messages in ${seconds(m.rateSince, now)}; ${count} within ${window} s are a flood`,
        ],
      });
    }
    if (m.c.source !== undefined) this.publishedBySource(m, this.states.of(m.c.source));
  }

  /** A flood may share its messages out among connections. */
  private publishedBySource(m: MqttConnection, state: MqttState): void {
    const { now } = this.context;
    const { count, seconds: window } = this.context.thresholds["mqtt-publish-flood"];
    const value = state.published.add(now);
    if (value === 1) state.publishedSince = now;
    if (value < count) return;
    this.tell(m, "mqtt-publish-flood", {
      value,
      unit: "PUBLISH of one source",
      firstSeen: state.publishedSince,
      reasons: [
        `${value} messages published over several connections in ${seconds(state.publishedSince, now)}; ${count} within ${SOURCE_PART * window} s are a flood`,
      ],
    });
  }

  eavesdropped(m: MqttConnection, filter: string): void {
    const { now } = this.context;
    this.tell(m, "mqtt-wildcard", {
      value: 1,
      firstSeen: now,
      clientId: m.clientId,
      reasons: [`client "${m.clientId}" subscribed to "${filter}", which is every message of the broker`],
    });
  }

  malformed(m: MqttConnection, reason: string): void {
    const { source } = m.c;
    if (source === undefined) return;
    const { now } = this.context;
    const { count, seconds: window } = this.context.thresholds["mqtt-malformed"];
    const value = this.states.of(source).malformed.add(now);
    if (value < count) return;
    this.tell(m, "mqtt-malformed", {
      value,
      firstSeen: now,
      reasons: [
        `${value} MQTT connections with packets against the specification within ${window} s, the last: ${reason}`,
      ],
    });
  }

  lost(): void {
    this.lostConnections += 1;
  }

  /** Called once a second. */
  sweep(): void {
    this.slow.sweep();
    for (const m of this.fresh) {
      if (this.context.now - m.since < GRACE_S) break;
      this.fresh.delete(m);
      this.countUnused(m, HELD_OPEN);
    }
  }

  private countUnused(m: MqttConnection, weight = 1): void {
    const { source } = m.c;
    if (source === undefined) return;
    const { now } = this.context;
    const { count, seconds: window } = this.context.thresholds["mqtt-connect-flood"];
    const state = this.states.of(source);
    if (state.unused.at(now) === 0) state.unusedSince = m.since;
    const value = Math.round(10 * state.unused.add(now, weight)) / 10;
    if (value < count) return;
    this.tell(m, "mqtt-connect-flood", {
      value,
      firstSeen: state.unusedSince,
      reasons: [
        `${value} MQTT sessions opened at ${m.c.server} and not used in ${seconds(state.unusedSince, now)}; ${count} within ${window} s are a flood`,
      ],
    });
  }

  private tell(m: MqttConnection, kind: DetectedKind, report: Report): void {
    const { source, server, serverPort } = m.c;
    if (source === undefined || this.context.incidents.goesOn(source, kind, report.value)) return;
    this.context.report(source, kind, { ...report, target: { address: server, port: serverPort } }, m.c.isProved);
  }
}
