// What appliances say besides MQTT: names, time, discovery, an address again, a log server and a cloud that are not
// there. `node normal-appliance.js GATEWAY-ADDRESS SILENT-ADDRESS SILENT-PORT SEED`. Runs until it is ended.
import { createSocket, type Socket } from "node:dgram";
import { connect } from "node:net";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { ABSENT_ADDRESS } from "./hosts.js";

const [, , gateway = "", silent = "", silentPort = "", seed = "1"] = process.argv;
const random = new SeededRandom(Number(seed));
const socket = createSocket("udp4").bind();
socket.on("error", () => {});

/** Does something at intervals of half to one and a half of `sec`. */
function every(sec: number, act: () => void): void {
  setTimeout(
    () => {
      act();
      every(sec, act);
    },
    1000 * sec * (0.5 + random.uniform()),
  );
}

function nameBytes(name: string): Buffer {
  const labels = name.split(".").map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}

function query(name: string, type: number, id = 0): Buffer {
  const header = Buffer.from([id >> 8, id & 0xff, id === 0 ? 0 : 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([header, nameBytes(name), Buffer.from([0, type, 0, 1])]);
}

/** Several lookups at once from several ports, as a browser's page makes them. */
function lookUp(): void {
  for (const name of ["cloud.example", "time.example", "nowhere.example", "img.example", "api.example"]) {
    for (const type of [1, 28]) {
      const resolver: Socket = createSocket("udp4");
      resolver.on("error", () => {});
      resolver.send(query(name, type, 1 + Math.floor(random.uniform() * 65_000)), 53, gateway);
      setTimeout(() => resolver.close(), 1000);
    }
  }
}

function askTime(): void {
  const packet = Buffer.alloc(48);
  packet[0] = 0x23;
  socket.send(packet, 123, gateway);
}

const multicast = createSocket({ type: "udp4", reuseAddr: true });
multicast.bind(5353, () => multicast.addMembership("224.0.0.251"));

function discover(): void {
  for (const service of ["_http._tcp.local", "_mqtt._tcp.local", "_ipp._tcp.local"]) {
    multicast.send(query(service, 12), 5353, "224.0.0.251");
  }
  const search =
    'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 2\r\nST: ssdp:all\r\n\r\n';
  for (let repeat = 0; repeat < 3; repeat++) socket.send(search, 1900, "239.255.255.250");
}

const dhcp = createSocket({ type: "udp4", reuseAddr: true });
dhcp.bind(68, () => dhcp.setBroadcast(true));

function renewAddress(): void {
  const request = Buffer.alloc(300);
  request.set([1, 1, 6, 0]);
  request.set([0x02, 0, 0x0a, 0x4d, 0, 0x21], 28);
  request.set([0x63, 0x82, 0x53, 0x63, 53, 1, 3, 50, 4, 10, 77, 0, 33, 255], 236);
  dhcp.send(request, 67, "255.255.255.255");
}

/** Tries once, and leaves again where somebody answers. */
function tryServer(host: string, port: number): void {
  const attempt = connect({ host, port, timeout: 2500 });
  attempt.on("error", () => {});
  attempt.on("timeout", () => attempt.destroy());
  attempt.on("connect", () => attempt.end());
}

lookUp();
discover();
renewAddress();
every(6, lookUp);
every(16, askTime);
every(8, discover);
every(30, renewAddress);
// Nothing listens there: refused, dropped without an answer, and no such host.
every(1, () => tryServer(gateway, 8883));
every(3, () => tryServer(silent, Number(silentPort)));
every(5, () => tryServer(ABSENT_ADDRESS, 8883));
every(1, () => socket.send("<14>appliance: all is well", 514, gateway));
