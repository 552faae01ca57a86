import { startsWithConnect } from "../mqtt/recognise.js";
import type { Packet } from "../packet.js";
import { type Application, type Connection, STATE } from "./connections.js";
import type { DetectorContext } from "./context.js";
import { HttpRequests, startsWithMethod } from "./http-request.js";
import { MqttAbuseDetector } from "./mqtt-abuse.js";
import { MqttConnection } from "./mqtt-connection.js";
import { ServiceProbeDetector } from "./service-probe.js";
import { SshBruteForceDetector } from "./ssh-brute-force.js";
import { UnfinishedCount } from "./unfinished.js";

/** Listens to both sides of a connection. */
export interface Listener extends Application {
  client(p: Packet): void;
  server(p: Packet): void;
}

const SSH = Buffer.from("SSH-");
const TLS_HANDSHAKE = 0x16;
const TLS_MAJOR = 3;
const PRINTABLE = /^[\x20-\x7e\r\n]{3}/;

/** Finds out what is spoken on a connection, and hands its packets to those who know it. */
export class Applications {
  readonly mqtt: MqttAbuseDetector;
  private readonly ssh: SshBruteForceDetector;
  private readonly probes: ServiceProbeDetector;
  private readonly slow: UnfinishedCount;

  constructor(
    private readonly context: DetectorContext,
    private readonly mqttPorts: ReadonlySet<number>,
  ) {
    this.mqtt = new MqttAbuseDetector(context);
    this.ssh = new SshBruteForceDetector(context);
    this.probes = new ServiceProbeDetector(context);
    this.slow = new UnfinishedCount(context, "slow-connections", "HTTP requests unfinished or answers not read");
  }

  data(c: Connection, p: Packet, isFromClient: boolean): void {
    if (c.state === STATE.MIDSTREAM && isFromClient) this.takeUp(c, p);
    if (c.state !== STATE.ESTABLISHED && c.application === undefined) return;
    const isFirst = (isFromClient ? c.clientBytes : c.serverBytes) === p.payloadLength;
    if (isFirst && !c.isRepeated && isFromClient && c.state === STATE.ESTABLISHED) this.probes.firstBytes(c, p.payload);
    // MQTT puts segments in order itself.
    if (c.isRepeated && !(c.application instanceof MqttConnection)) return;
    if (c.application === undefined) {
      if (!isFirst) return;
      c.application = this.recognise(c, p.payload, isFromClient);
      if (c.application === undefined) return;
    }
    const listener = c.application as Listener;
    if (isFromClient) listener.client(p);
    else listener.server(p);
  }

  /** The client's ACK without payload. */
  acknowledged(c: Connection, p: Packet): void {
    if (c.application instanceof HttpRequests) c.application.acknowledged(p);
  }

  sweep(): void {
    this.mqtt.sweep();
    this.slow.sweep();
  }

  /** An MQTT session that began before the capture: a client that floods may have logged in long ago. */
  private takeUp(c: Connection, p: Packet): void {
    if (c.application !== undefined || !this.mqttPorts.has(c.serverPort) || isAnotherProtocol(p.payload)) return;
    c.source ??= this.context.sources.of(p.source, p.sourceMac, this.context.now);
    c.application = new MqttConnection(c, this.context, this.mqtt, p.sequence);
  }

  private recognise(c: Connection, bytes: Buffer, isFromClient: boolean): Listener | undefined {
    if (bytes.length >= SSH.length && bytes.compare(SSH, 0, SSH.length, 0, SSH.length) === 0) return this.ssh.listen(c);
    if (!isFromClient) return undefined;
    const isMqtt = startsWithConnect(bytes) || (this.mqttPorts.has(c.serverPort) && !isAnotherProtocol(bytes));
    if (isMqtt) return new MqttConnection(c, this.context, this.mqtt);
    return startsWithMethod(bytes) ? new HttpRequests(c, this.context, this.slow) : undefined;
  }
}

/** On an MQTT port: TLS is left alone, and so is text, such as HTTP, a WebSocket's beginning or a proxy's line. */
function isAnotherProtocol(bytes: Buffer): boolean {
  if (bytes[0] === TLS_HANDSHAKE && (bytes.length < 2 || bytes[1] === TLS_MAJOR)) return true;
  return bytes.length >= 3 && PRINTABLE.test(bytes.toString("latin1", 0, 3));
}
