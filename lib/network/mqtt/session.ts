import type { Packet } from "../packet.js";
import { malformed } from "./fields.js";
import {
  decodeConnack,
  decodeConnect,
  decodePublish,
  decodeSubscribe,
  decodeUnsubscribe,
  flagsOf,
  MQTT_TYPE,
  type MqttConnect,
} from "./packets.js";
import { isMalformed, MqttParser } from "./parser.js";
import { SegmentOrder } from "./segments.js";

/** What a session tells as it reads it. */
export interface MqttEvents {
  connect(connect: MqttConnect): void;
  /** @param code 0 is accepted. */
  connack(code: number): void;
  /** @param size payload and header in bytes, the remaining length. */
  publish(topic: string, size: number): void;
  subscribe(filters: string[]): void;
  /** Any other packet of the client's. */
  other(type: number): void;
  /** The client broke a rule; what follows on this connection is not read. */
  malformed(reason: string): void;
  /** Segments are missing; what follows on this connection is not read. */
  lost(): void;
}

const { CONNECT, CONNACK, PUBLISH, SUBSCRIBE, UNSUBSCRIBE, PINGREQ, AUTH, DISCONNECT } = MQTT_TYPE;
const FROM_SERVER_ONLY = new Set<number>([CONNACK, MQTT_TYPE.SUBACK, MQTT_TYPE.UNSUBACK, MQTT_TYPE.PINGRESP]);
const WITH_IDENTIFIER = new Set<number>([MQTT_TYPE.PUBACK, MQTT_TYPE.PUBREC, MQTT_TYPE.PUBREL, MQTT_TYPE.PUBCOMP]);

/**
 * Reads one MQTT connection from its packets: 3.1, 3.1.1 and 5. The server's side is read until its CONNACK only.
 * Never throws for what the packets hold.
 */
export class MqttSession {
  private readonly fromClient = new MqttParser((first, length, body, isWhole) =>
    this.readClient(first, length, body, isWhole),
  );
  private readonly fromServer = new MqttParser((first, _length, body) => this.readServer(first, body));
  private readonly clientOrder: SegmentOrder;
  private serverOrder: SegmentOrder | undefined;
  private level = 0;
  private isClientOver = false;
  private isServerOver = false;

  /**
   * @param clientNext sequence number of the client's first byte.
   * @param isRunning the login was before the capture: 3.1.1 is assumed, and what cannot be read is lost, not malformed.
   */
  constructor(
    clientNext: number,
    private readonly events: MqttEvents,
    private readonly isRunning = false,
  ) {
    this.clientOrder = new SegmentOrder(clientNext);
    if (isRunning) {
      this.level = 4;
      this.isServerOver = true;
    }
  }

  /** Whether a CONNECT was read. */
  get isConnected(): boolean {
    return this.level > 0;
  }

  /** Whether the client is still waited for to complete a packet. */
  get isWithinPacket(): boolean {
    return !this.isClientOver && this.fromClient.isWithinPacket;
  }

  client(p: Packet): void {
    if (this.isClientOver || p.payloadLength === 0) return;
    this.clientOrder.push(p.sequence, p.payload, p.payloadLength, (bytes) => {
      if (this.isClientOver) return;
      try {
        this.fromClient.push(bytes);
      } catch (error) {
        if (!isMalformed(error)) throw error;
        this.isClientOver = true;
        this.isServerOver = true;
        if (this.isRunning) this.events.lost();
        else this.events.malformed(error.reason);
      }
    });
    if (this.clientOrder.hasGap && !this.isClientOver) {
      this.isClientOver = true;
      this.events.lost();
    }
  }

  server(p: Packet): void {
    if (this.isServerOver || p.payloadLength === 0) return;
    this.serverOrder ??= new SegmentOrder(p.sequence);
    this.serverOrder.push(p.sequence, p.payload, p.payloadLength, (bytes) => {
      if (this.isServerOver) return;
      try {
        this.fromServer.push(bytes);
      } catch (error) {
        // A server's mistakes are nothing that its client could be accused of.
        if (!isMalformed(error)) throw error;
        this.isServerOver = true;
      }
    });
    if (this.serverOrder.hasGap) this.isServerOver = true;
  }

  private readServer(firstByte: number, body: Buffer): void {
    if (this.isServerOver || firstByte >> 4 !== CONNACK) {
      // An MQTT 5 server may exchange AUTH packets first.
      if (firstByte >> 4 !== AUTH) this.isServerOver = true;
      return;
    }
    this.isServerOver = true;
    this.events.connack(decodeConnack(body));
  }

  private readClient(firstByte: number, length: number, body: Buffer, isWhole: boolean): void {
    const type = firstByte >> 4;
    if (this.level === 0) {
      if (type !== CONNECT) throw malformed("MQTT-3.1.0-1", "first packet is no CONNECT");
      if ((firstByte & 0x0f) !== 0) throw malformed("MQTT-2.2.2-2", "CONNECT with reserved flags");
      if (!isWhole) {
        this.isClientOver = true;
        return;
      }
      const connect = decodeConnect(body);
      this.level = connect.level;
      this.events.connect(connect);
      return;
    }
    this.checkHeader(type, firstByte, length, body);
    if (type === PUBLISH) {
      this.events.publish(isTopicKept(body, isWhole) ? decodePublish(firstByte, body, this.level) : "", length);
    } else if (type === SUBSCRIBE && isWhole) {
      this.events.subscribe(decodeSubscribe(body, this.level));
    } else {
      if (type === UNSUBSCRIBE && isWhole) decodeUnsubscribe(body, this.level);
      this.events.other(type);
    }
  }

  private checkHeader(type: number, firstByte: number, length: number, body: Buffer): void {
    if (type === CONNECT) throw malformed("MQTT-3.1.0-2", "second CONNECT");
    if (type === 0 || (type === AUTH && this.level < 5)) throw malformed("2.2.1", `reserved packet type ${type}`);
    if (FROM_SERVER_ONLY.has(type)) throw malformed("2.2.1", `packet type ${type} from a client`);
    // MQTT 3.1 left these flags open.
    if (type !== PUBLISH && this.level > 3 && (firstByte & 0x0f) !== flagsOf(type)) {
      throw malformed("MQTT-2.2.2-2", `packet type ${type} with reserved flags`);
    }
    const isTooLong = type === PINGREQ || (type === DISCONNECT && this.level < 5);
    if (isTooLong && length > 0) throw malformed("2.2.3", `packet type ${type} with a body`);
    if (!WITH_IDENTIFIER.has(type)) return;
    if (length < 2 || (this.level < 5 && length > 2))
      throw malformed("2.3.1", `packet type ${type} of ${length} bytes`);
    if (body.readUInt16BE(0) === 0) throw malformed("MQTT-2.3.1-1", "packet identifier 0");
  }
}

/** Whether the topic and the identifier lie in what was kept of a PUBLISH; of a very long topic they do not. */
function isTopicKept(body: Buffer, isWhole: boolean): boolean {
  return isWhole || (body.length >= 2 && body.readUInt16BE(0) + 4 <= body.length);
}
