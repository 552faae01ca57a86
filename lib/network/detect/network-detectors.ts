import type { NetworkAlert } from "../../common/network.js";
import { Rejection } from "../../common/rejection.js";
import { CaptureClock } from "../flow/capture-clock.js";
import type { PacketObserver, SourceCounts } from "../observer.js";
import { type Packet, PROTOCOL } from "../packet.js";
import { Applications } from "./applications.js";
import { ArpDetector } from "./arp.js";
import { type Connection, Connections } from "./connections.js";
import { DetectorContext } from "./context.js";
import { DatagramDetector } from "./datagrams.js";
import { ExemptionList } from "./exemptions.js";
import { Incidents } from "./incidents.js";
import { OsProbeDetector } from "./os-probe.js";
import { OtherProtocolDetector } from "./other-protocols.js";
import { ScanDetector } from "./scans.js";
import { Sources } from "./sources.js";
import { StrayPacketDetector } from "./stray-packets.js";
import { SynFloodDetector } from "./syn-flood.js";
import { type TcpEvents, TcpTracker } from "./tcp-tracker.js";
import { THRESHOLDS, thresholdsWith } from "./thresholds.js";

/** Settings of the detectors; what is not given has its default. */
export interface DetectorOptions {
  /** See {@link ExemptionList}. */
  exemptions?: unknown;
  /** Changes to {@link THRESHOLDS}: `{"syn-scan": {"count": 30, "seconds": 10}}`. */
  thresholds?: unknown;
  /** Sources that are followed one by one; 20,000. */
  maxSources?: number;
  /** Ports that are MQTT whatever is sent; 1883. On others a connection that begins with a CONNECT is. */
  mqttPorts?: readonly number[];
  onAlert: (alert: NetworkAlert) => void;
}

const DEFAULT_SOURCES = 20_000;
const MAX_SOURCES = 1_000_000;
const CONNECTION_BITS = 16;
const MQTT_PORT = 1883;
/** A SYN with no more options than the segment size was made by a scanner, not by an operating system. */
const RAW_SYN_HEADER = 24;

/**
 * The detectors that decide, for all packets of a network (docs/explanation/network-detectors.md). Everything is
 * counted for who began it, never for who answers; memory and work per packet are bounded.
 */
export class NetworkDetectors implements PacketObserver, TcpEvents {
  private readonly clock = new CaptureClock();
  private readonly context: DetectorContext;
  private readonly incidents: Incidents;
  private readonly sources: Sources;
  private readonly connections = new Connections(CONNECTION_BITS);
  private readonly tcp: TcpTracker;
  private readonly scans: ScanDetector;
  private readonly strays: StrayPacketDetector;
  private readonly synFloods: SynFloodDetector;
  private readonly datagrams: DatagramDetector;
  private readonly osProbes: OsProbeDetector;
  private readonly others: OtherProtocolDetector;
  private readonly arp: ArpDetector;
  private readonly applications: Applications;
  private swept = Number.NEGATIVE_INFINITY;

  /** @throws {Rejection} SCHEMA or RANGE that names the setting. */
  constructor({
    exemptions,
    thresholds,
    maxSources = DEFAULT_SOURCES,
    mqttPorts = [MQTT_PORT],
    onAlert,
  }: DetectorOptions) {
    if (!Number.isInteger(maxSources) || maxSources < 1 || maxSources > MAX_SOURCES) {
      throw new Rejection("RANGE", `maxSources: 1 to ${MAX_SOURCES}`);
    }
    if (!mqttPorts.every((port) => Number.isInteger(port) && port > 0 && port < 65_536)) {
      throw new Rejection("RANGE", "mqttPorts: 1 to 65535");
    }
    const limits = thresholdsWith(thresholds);
    this.sources = new Sources(maxSources);
    this.incidents = new Incidents(limits, THRESHOLDS, new ExemptionList(exemptions), onAlert);
    this.context = new DetectorContext(limits, this.sources, this.incidents);
    this.scans = new ScanDetector(this.context);
    this.strays = new StrayPacketDetector(this.context, this.scans);
    this.synFloods = new SynFloodDetector(this.context);
    this.datagrams = new DatagramDetector(this.context, this.scans);
    this.osProbes = new OsProbeDetector(this.context);
    this.others = new OtherProtocolDetector(this.context, this.scans);
    this.arp = new ArpDetector(this.context, this.scans);
    this.applications = new Applications(this.context, new Set(mqttPorts));
    this.tcp = new TcpTracker(this.context, this.connections, this);
  }

  packet(p: Packet): void {
    this.moveTo(p.time);
    if (p.arp !== undefined) {
      this.arp.packet(p, p.arp);
      return;
    }
    if (p.source === "" || p.fragment) return;
    this.arp.used(p);
    if (p.protocol === PROTOCOL.TCP) {
      this.osProbes.packet(p);
      this.tcp.packet(p);
    } else if (p.protocol === PROTOCOL.UDP) {
      this.osProbes.packet(p);
      this.datagrams.udpPacket(p);
    } else if (p.protocol === PROTOCOL.ICMP || p.protocol === PROTOCOL.ICMPV6) {
      this.osProbes.packet(p);
      this.datagrams.icmpPacket(p);
    } else {
      this.others.packet(p);
    }
  }

  tick(time: number): void {
    this.moveTo(time);
  }

  end(): void {
    this.applications.sweep();
    this.incidents.endAll();
  }

  /** Sources that are followed, and those that the cap pushed out or kept out. */
  get sourceCounts(): SourceCounts {
    return { sources: this.sources.size, evictedSources: this.sources.evicted };
  }

  /** Incidents that began, by kind. */
  get alertCounts(): Record<string, number> {
    return this.incidents.counts;
  }

  /** TCP connections that were pushed out of the table, and MQTT connections that could not be read on for a gap. */
  get lossCounts(): { evictedConnections: number; lostMqtt: number } {
    return { evictedConnections: this.connections.evicted, lostMqtt: this.applications.mqtt.lostConnections };
  }

  opened(c: Connection, p: Packet): void {
    this.synFloods.opened(c, p);
    if (c.source === undefined) return;
    // A running SYN scan's probes of the system have options, too.
    const isRaw = p.headerLength <= RAW_SYN_HEADER || c.source.incidents.has("syn-scan");
    const kind = isRaw ? "syn-scan" : "connect-scan";
    this.scans.tried(c.source, c.server, c.serverPort, PROTOCOL.TCP, kind);
  }

  refused(c: Connection): void {
    this.synFloods.refused(c);
  }

  completed(c: Connection): void {
    this.synFloods.completed(c);
    if (c.source !== undefined) this.scans.succeeded(c.source, c.server, c.serverPort, PROTOCOL.TCP);
  }

  abandoned(_c: Connection): void {
    // Left half-open on purpose: it stays counted.
  }

  data(c: Connection, p: Packet, isFromClient: boolean): void {
    this.applications.data(c, p, isFromClient);
  }

  acknowledged(c: Connection, p: Packet): void {
    this.applications.acknowledged(c, p);
  }

  closed(_c: Connection): void {
    // Its listener was told.
  }

  impossible(p: Packet): void {
    this.strays.impossible(p);
  }

  probed(c: Connection, p: Packet): void {
    this.strays.probed(c, p);
  }

  unprobed(c: Connection): void {
    this.strays.unprobed(c);
  }

  private moveTo(time: number): void {
    const now = this.clock.at(time);
    this.context.now = now;
    this.incidents.at(now, time);
    if (now - this.swept < 1) return;
    this.swept = now;
    this.applications.sweep();
    this.incidents.sweep();
  }
}
