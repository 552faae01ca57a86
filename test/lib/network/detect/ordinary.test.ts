import assert from "node:assert/strict";
import { SeededRandom } from "../../../../lib/common/seeded-random.js";
import { type Packet, TCP } from "../../../../lib/network/packet.js";
import { began, detect, times } from "../../../support/detections.js";
import { arp, back, Conversation, icmp, macOf, refused, START, tcp, udp } from "../../../support/packets.js";

const PC = "192.168.1.20";
const SERVER = "192.168.1.2";
const GATEWAY = "192.168.1.1";
const GATEWAY_MAC = macOf(GATEWAY);

const internet = (random: SeededRandom) =>
  `${20 + random.integer(150)}.${random.integer(250)}.${random.integer(250)}.${1 + random.integer(250)}`;

function isQuiet(packets: Packet[]): void {
  assert.deepEqual(began(detect(packets)), []);
}

describe("detectors on ordinary traffic", () => {
  it("a browser that opens 200 connections to 80 servers in 5 s, a tenth of them dead", () => {
    const random = new SeededRandom(1);
    const servers = times(80, () => internet(random));
    isQuiet(
      times(200, (i) => {
        const ends = {
          source: PC,
          destination: servers[i % 80] as string,
          sourcePort: 40_000 + i,
          destinationPort: 443,
        };
        const at = START + i / 40;
        if (i % 10 === 0) return tcp(at, ends, TCP.SYN, { sequence: i });
        const c = new Conversation(ends, i * 1000);
        return [
          ...c.open(at),
          c.say(at + 0.1, "\x16\x03\x01hello"),
          c.answer(at + 0.2, "\x16\x03\x03hello"),
          ...c.close(at + 2),
        ];
      }),
    );
  });

  it("a swarm: 600 peers on ports of their own, most of them gone, by TCP and UDP", () => {
    const random = new SeededRandom(2);
    isQuiet(
      times(600, (i) => {
        const port = random.uniform() < 0.15 ? 6881 : 10_000 + random.integer(50_000);
        const ends = { source: PC, destination: internet(random), sourcePort: 51_413, destinationPort: port };
        const at = START + i * 0.2;
        const asked = udp(at, ends);
        const peer = { ...ends, destination: internet(random), sourcePort: 30_000 + i };
        const tried = random.uniform() < 0.6 ? refused(at, peer) : new Conversation(peer, i).open(at);
        return random.uniform() < 0.5 ? [asked, udp(at + 0.1, back(ends)), ...tried] : [asked, ...tried];
      }),
    );
  });

  it("a lost uplink: everything that ran goes on in vain, with repetitions", () => {
    const random = new SeededRandom(3);
    isQuiet(
      times(60, (i) => {
        const ends = { source: PC, destination: internet(random), sourcePort: 40_000 + i, destinationPort: 443 };
        return [0, 1, 3, 7].map((after) => tcp(START + i / 2 + after, ends, TCP.SYN, { sequence: i }));
      }),
    );
  });

  it("a resolver whose upstream is down, at 50 questions a second", () => {
    const ends = (i: number) => ({ source: PC, destination: "9.9.9.9", sourcePort: 20_000 + i, destinationPort: 53 });
    isQuiet(times(3000, (i) => udp(START + i / 50, ends(i))));
  });

  it("bursts of DNS, and late answers to closed ports with port unreachable", () => {
    isQuiet(
      times(2000, (i) => {
        const ends = { source: PC, destination: GATEWAY, sourcePort: 33_000 + i, destinationPort: 53 };
        const at = START + i / 200;
        return [udp(at, ends), udp(at + 0.01, back(ends)), icmp(at + 0.02, PC, GATEWAY, 3, { destinationPort: 3 })];
      }),
    );
  });

  it("a capture that begins within hundreds of connections, seen from either side alone or both", () => {
    const both = times(300, (i) => {
      const client = {
        source: `10.1.0.${1 + (i % 3)}`,
        destination: SERVER,
        sourcePort: 40_000 + i,
        destinationPort: 8883,
      };
      const at = START + i / 100;
      const number = { sequence: 900_000 + i, acknowledgement: 77_000 };
      return [
        tcp(at, back(client), TCP.ACK, { ...number, headerLength: 20 }),
        tcp(at + 1, back(client), TCP.ACK, { ...number, headerLength: 20 }),
        tcp(at + 0.1, client, TCP.ACK, { sequence: 77_000, acknowledgement: 900_000 + i, headerLength: 20 }),
        tcp(at + 2, client, TCP.FIN | TCP.ACK, { sequence: 77_000, acknowledgement: 900_000 + i }),
        tcp(at + 2, back(client), TCP.RST, { sequence: 900_000 + i }),
      ];
    });
    isQuiet(both);
    isQuiet(both.filter(({ source }) => source === SERVER));
    isQuiet(both.filter(({ source }) => source !== SERVER));
  });

  it("only one direction of complete connections, answers of a name server alone", () => {
    const whole = times(300, (i) => {
      const c = new Conversation({
        source: PC,
        destination: `10.2.0.${1 + (i % 200)}`,
        sourcePort: 41_000 + i,
        destinationPort: 443,
      });
      return [...c.open(START + i / 20), c.say(START + i / 20 + 0.1, "x"), ...c.close(START + i / 20 + 0.5)];
    });
    isQuiet(whole.filter(({ source }) => source === PC));
    isQuiet(whole.filter(({ source }) => source !== PC));
    isQuiet(
      times(500, (i) =>
        udp(START + i / 50, { source: GATEWAY, destination: PC, sourcePort: 53, destinationPort: 33_000 + i }),
      ),
    );
  });

  it("a machine that watches 20 services of a host, every 10 s, before and after the host goes down", () => {
    isQuiet(
      times(120, (round) =>
        times(20, (service) => {
          const ends = {
            source: PC,
            destination: SERVER,
            sourcePort: 30_000 + round * 20 + service,
            destinationPort: 8000 + service,
          };
          const at = START + round * 10 + service / 100;
          if (round >= 60) return tcp(at, ends, TCP.SYN, { sequence: round });
          const c = new Conversation(ends, round);
          return [...c.open(at), ...c.close(at + 0.01)];
        }),
      ),
    );
  });

  it("devices whose server is down try again: ten times a second refused, every second in silence", () => {
    isQuiet(
      times(3000, (i) =>
        refused(
          START + i / 10,
          { source: PC, destination: SERVER, sourcePort: 20_000 + i, destinationPort: 1883 },
          { sequence: i },
        ),
      ),
    );
    isQuiet(
      times(600, (i) =>
        tcp(START + i, { source: PC, destination: SERVER, sourcePort: 20_000 + i, destinationPort: 1883 }, TCP.SYN, {
          sequence: i,
        }),
      ),
    );
  });

  it("a fleet of 200 devices of one network that all try to return to a dead broker every 3 s", () => {
    isQuiet(
      times(200, (device) =>
        times(20, (i) =>
          tcp(
            START + i * 3 + device / 100,
            { source: `10.3.0.${1 + device}`, destination: SERVER, sourcePort: 30_000 + i, destinationPort: 1883 },
            TCP.SYN,
            { sequence: i },
          ),
        ),
      ),
    );
  });

  it("video: 2,000 packets a second in one direction, and traceroute", () => {
    isQuiet(
      times(20_000, (i) =>
        udp(START + i / 2000, { source: PC, destination: SERVER, sourcePort: 5004, destinationPort: 5004 }),
      ),
    );
    isQuiet(
      times(90, (i) =>
        udp(
          START + i / 10,
          { source: PC, destination: "8.8.8.8", sourcePort: 45_000, destinationPort: 33_434 + i },
          Buffer.alloc(32),
          { ttl: 1 + Math.floor(i / 3) },
        ),
      ),
    );
  });

  it("discovery: multicast, broadcast, and the answers to one host's ports", () => {
    isQuiet(
      times(300, (i) => [
        udp(
          START + i / 5,
          { source: PC, destination: "239.255.255.250", sourcePort: 50_000 + i, destinationPort: 1900 },
          undefined,
          { destinationMac: "01:00:5e:7f:ff:fa" },
        ),
        udp(START + i / 5 + 0.1, { source: SERVER, destination: PC, sourcePort: 49_000, destinationPort: 50_000 + i }),
        udp(
          START + i / 5,
          { source: PC, destination: "192.168.1.255", sourcePort: 137, destinationPort: 137 },
          undefined,
          { destinationMac: "ff:ff:ff:ff:ff:ff" },
        ),
        udp(
          START + i / 5,
          { source: `192.168.1.${2 + (i % 100)}`, destination: "224.0.0.251", sourcePort: 5353, destinationPort: 5353 },
          undefined,
          { destinationMac: "01:00:5e:00:00:fb" },
        ),
      ]),
    );
  });

  it("a gateway that asks for its 60 hosts by ARP over two minutes, and pings them", () => {
    isQuiet(
      times(60, (i) => {
        const host = `192.168.1.${100 + i}`;
        const at = START + i * 2;
        const isUp = i % 3 > 0;
        const ask = arp(at, { senderAddress: GATEWAY, targetAddress: host });
        const reply = arp(at + 0.01, {
          operation: 2,
          senderAddress: host,
          targetAddress: GATEWAY,
          targetMac: GATEWAY_MAC,
        });
        return [ask, ...(isUp ? [reply] : []), icmp(at, PC, host), ...(isUp ? [icmp(at + 0.001, host, PC, 0)] : [])];
      }),
    );
  });

  it("an address that moves to another host, and a failover of five addresses", () => {
    const fresh = "02:00:00:00:99:99";
    isQuiet([
      ...times(20, (i) => arp(START + i, { senderAddress: PC, targetAddress: GATEWAY })),
      ...times(3, (i) => arp(START + 30 + i, { senderAddress: PC, senderMac: fresh, targetAddress: PC })),
      ...times(20, (i) => arp(START + 35 + i, { senderAddress: PC, senderMac: fresh, targetAddress: GATEWAY })),
    ]);
    const virtual = times(5, (i) => `192.168.1.${200 + i}`);
    isQuiet([
      arp(START, { senderAddress: SERVER, targetAddress: GATEWAY }),
      ...virtual.map((address) => arp(START + 1, { senderAddress: address, senderMac: fresh, targetAddress: GATEWAY })),
      ...virtual.flatMap((address) =>
        times(5, (i) =>
          arp(START + 20 + i / 5, {
            operation: 2,
            senderAddress: address,
            senderMac: macOf(SERVER),
            targetAddress: address,
            targetMac: "ff:ff:ff:ff:ff:ff",
          }),
        ),
      ),
    ]);
  });
});
