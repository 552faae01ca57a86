// DNS, NTP and DHCP as far as ordinary traffic needs them: `node normal-servers.js GATEWAY-ADDRESS`.
import { createSocket } from "node:dgram";

const [, , gateway = "10.77.0.1"] = process.argv;
const DNS_PORT = 53;
const NTP_PORT = 123;
const DHCP_PORT = 67;
const NTP_EPOCH_SEC = 2_208_988_800;

function serve(port: number, answer: (query: Buffer) => Buffer | undefined, broadcastTo?: number): void {
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  socket.on("message", (query, sender) => {
    const reply = answer(query);
    if (reply) socket.send(reply, broadcastTo ?? sender.port, broadcastTo ? "255.255.255.255" : sender.address);
  });
  socket.bind(port, () => socket.setBroadcast(true));
}

/** Every name has the gateway's address; names with "nowhere" do not exist (RFC 1035 4.1). */
serve(DNS_PORT, (query) => {
  if (query.length < 17) return undefined;
  const isUnknown = query.includes("nowhere");
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(isUnknown ? 0x8183 : 0x8180, 2);
  header.writeUInt16BE(isUnknown ? 0 : 1, 6);
  const address = Buffer.from(gateway.split(".").map(Number));
  const record = Buffer.concat([Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]), address]);
  return Buffer.concat([header, query.subarray(12), ...(isUnknown ? [] : [record])]);
});

/** RFC 5905 7.3, server mode. */
serve(NTP_PORT, (query) => {
  if (query.length < 48) return undefined;
  const reply = Buffer.alloc(48);
  reply.set([0x24, 2, 6, 0xec]);
  query.copy(reply, 24, 40, 48);
  const now = Date.now() / 1000 + NTP_EPOCH_SEC;
  for (const at of [16, 32, 40]) {
    reply.writeUInt32BE(Math.floor(now), at);
    reply.writeUInt32BE(Math.floor((now % 1) * 2 ** 32), at + 4);
  }
  return reply;
});

/** Acknowledges what is asked for (RFC 2131), by broadcast as to a client without an address. */
serve(
  DHCP_PORT,
  (query) => {
    if (query.length < 240) return undefined;
    const reply = Buffer.alloc(300);
    query.copy(reply, 0, 0, 240);
    reply[0] = 2;
    reply.set([0x63, 0x82, 0x53, 0x63, 53, 1, 5, 51, 4, 0, 0, 14, 16, 255], 236);
    return reply;
  },
  68,
);
