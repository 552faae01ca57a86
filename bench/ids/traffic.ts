import { closeSync, openSync, writeSync } from "node:fs";
import { SeededRandom } from "../../lib/common/seeded-random.js";
import { pcapHeader, pcapRecord } from "../../lib/network/capture/writer.js";
import { TCP } from "../../lib/network/packet.js";
import { type Side, tcpFrame } from "./frames.js";

const SERVER = { address: 0x0a4d0001, port: 1883 };
const SERVER_PORTS = [1883, 443, 80, 22] as const;
const FIRST_CLIENT = 0x0a4d0100;
const CLIENTS = 200;
const OPEN_AT_ONCE = 400;
const LARGEST_PAYLOAD = 1400;
const START = 1_700_000_000;
const WRITTEN_AT_ONCE = 1000;

/** What the capture holds; whoever reads it has to find as much. */
export interface Traffic {
  packets: number;
  connections: number;
}

/** A connection from its SYN to its last FIN, one segment at a time. */
class Connection {
  private step = 0;
  private readonly sent = { client: 1, server: 1 };

  constructor(
    private readonly client: Side,
    private readonly server: Side,
    /** Payload bytes of each exchange, from the client when positive and from the server when negative. */
    private readonly exchanges: readonly number[],
  ) {}

  /** @returns the next frame, or undefined when the connection is over. */
  next(): Buffer | undefined {
    const step = this.step++;
    if (step === 0) return this.frame(true, TCP.SYN, 0, 0);
    if (step === 1) return this.frame(false, TCP.SYN | TCP.ACK, 0, 0);
    if (step === 2) return this.frame(true, TCP.ACK);
    const exchange = this.exchanges[step - 3];
    if (exchange !== undefined) return this.frame(exchange > 0, TCP.PSH | TCP.ACK, Math.abs(exchange));
    const last = step - 3 - this.exchanges.length;
    if (last === 0) return this.frame(true, TCP.FIN | TCP.ACK);
    if (last === 1) return this.frame(false, TCP.FIN | TCP.ACK);
    return undefined;
  }

  private frame(isClient: boolean, flags: number, payloadLength = 0, sequence?: number): Buffer {
    const { client, server, sent } = this;
    const frame = tcpFrame({
      from: isClient ? client : server,
      to: isClient ? server : client,
      sequence: sequence ?? (isClient ? sent.client : sent.server),
      acknowledgement: flags & TCP.ACK ? (isClient ? sent.server : sent.client) : 0,
      flags,
      payloadLength,
    });
    if (isClient) sent.client += payloadLength;
    else sent.server += payloadLength;
    return frame;
  }
}

function* connections(random: SeededRandom): Generator<Connection, never> {
  for (let number = 0; ; number++) {
    // No client uses a port twice before it has used all others, so each connection is one of its own.
    const client = {
      address: FIRST_CLIENT + (number % CLIENTS),
      port: 10_000 + (Math.floor(number / CLIENTS) % 50_000),
    };
    const port = SERVER_PORTS[random.integer(SERVER_PORTS.length)] as number;
    const exchanges = Array.from({ length: 2 + random.integer(16) }, (_, i) => {
      const bytes = 1 + random.integer(random.integer(3) === 0 ? LARGEST_PAYLOAD : 200);
      return i % 3 === 0 ? bytes : -bytes;
    });
    yield new Connection(client, { ...SERVER, port }, exchanges);
  }
}

/**
 * Writes a capture of TCP connections of 7 to 22 packets that run side by side, whole from SYN to FIN.
 *
 * @param packets about how many; the connections that have begun are finished.
 */
export function writeTraffic(path: string, packets: number, seed = 1): Traffic {
  const random = new SeededRandom(seed);
  const source = connections(random);
  const open: Connection[] = [];
  const written: Traffic = { packets: 0, connections: 0 };
  const file = openSync(path, "w");
  const waiting: Buffer[] = [pcapHeader()];
  const flush = () => writeSync(file, Buffer.concat(waiting.splice(0)));
  let time = START;
  try {
    while (open.length > 0 || written.packets < packets) {
      if (open.length < OPEN_AT_ONCE && written.packets < packets) {
        open.push(source.next().value);
        written.connections++;
      }
      const turn = random.integer(open.length);
      const bytes = open[turn]?.next();
      if (!bytes) {
        open.splice(turn, 1);
        continue;
      }
      time += random.exponential(50e-6);
      waiting.push(pcapRecord({ time, bytes }));
      written.packets++;
      if (waiting.length >= WRITTEN_AT_ONCE) flush();
    }
    flush();
  } finally {
    closeSync(file);
  }
  return written;
}
