import assert from "node:assert/strict";
import { type Packet, TCP } from "../../../../lib/network/packet.js";
import { began, detect, times } from "../../../support/detections.js";
import { connectPacket, publishPacket, subscribePacket } from "../../../support/mqtt-bytes.js";
import { arp, Conversation, macOf, START, tcp } from "../../../support/packets.js";

const PC = "192.168.1.20";
const SERVER = "192.168.1.2";

function isQuiet(packets: Packet[]): void {
  assert.deepEqual(began(detect(packets)), []);
}

describe("detectors on ordinary clients of MQTT and HTTP servers", () => {
  it("400 MQTT clients behind one address return within 4 s, subscribe and publish", () => {
    isQuiet(
      times(400, (i) => {
        const c = new Conversation(
          { source: PC, destination: SERVER, sourcePort: 30_000 + i, destinationPort: 1883 },
          i * 7,
        );
        const at = START + i / 100;
        return [
          ...c.open(at),
          c.say(at + 0.01, connectPacket({ clientId: `device-${i}`, keepalive: 1200 })),
          c.answer(at + 0.02, Buffer.from([0x20, 2, 0, 0])),
          c.say(at + 0.03, subscribePacket(`home/${i}/#`)),
          ...times(20, (n) => c.say(at + 1 + n, publishPacket(`home/${i}`, "21.5"))),
        ];
      }),
    );
  });

  it("a device with a wrong password that tries every second for ten minutes", () => {
    isQuiet(
      times(600, (i) => {
        const c = new Conversation(
          { source: PC, destination: SERVER, sourcePort: 20_000 + i, destinationPort: 1883 },
          i * 7,
        );
        const at = START + i;
        return [
          ...c.open(at),
          c.say(at + 0.01, connectPacket({ clientId: `try-${i}`, username: "hall", password: "old" })),
          c.answer(at + 0.02, Buffer.from([0x20, 2, 0, 5])),
          ...c.close(at + 0.03),
        ];
      }),
    );
  });

  it("a health check every second, over HTTP and by MQTT connections that are closed at once", () => {
    isQuiet(
      times(600, (i) => {
        const at = START + i;
        const http = new Conversation(
          { source: PC, destination: SERVER, sourcePort: 20_000 + i, destinationPort: 1880 },
          i,
        );
        const mqtt = new Conversation(
          { source: PC, destination: SERVER, sourcePort: 40_000 + i, destinationPort: 1883 },
          i,
        );
        return [
          ...http.open(at),
          http.say(at + 0.01, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n"),
          http.answer(at + 0.02, "HTTP/1.1 200 OK\r\n\r\n"),
          ...http.close(at + 0.03),
          ...mqtt.open(at),
          mqtt.say(at + 0.01, connectPacket({ clientId: "probe" })),
          mqtt.answer(at + 0.02, Buffer.from([0x20, 2, 0, 0])),
          mqtt.say(at + 0.03, Buffer.from([0xe0, 0])),
          ...mqtt.close(at + 0.04),
        ];
      }),
    );
  });

  it("six uploads that take their time, and a long poll", () => {
    isQuiet(
      times(6, (i) => {
        const c = new Conversation({ source: PC, destination: SERVER, sourcePort: 20_000 + i, destinationPort: 80 }, i);
        const head = "POST /video HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n";
        return [
          ...c.open(START),
          c.say(START + 0.1, head),
          ...times(60, (n) => c.say(START + 1 + n, Buffer.alloc(1400))),
        ];
      }),
    );
    isQuiet(
      times(40, (i) => {
        const c = new Conversation({ source: PC, destination: SERVER, sourcePort: 20_000 + i, destinationPort: 80 }, i);
        return [
          ...c.open(START),
          c.say(START + 0.1, "GET /poll HTTP/1.1\r\n\r\n"),
          c.answer(START + 55, "HTTP/1.1 204\r\n\r\n"),
        ];
      }),
    );
  });

  it("25 uploads of 20 kB a second, of which the capture kept 30 bytes each", () => {
    isQuiet(
      times(25, (i) => {
        const c = new Conversation({ source: PC, destination: SERVER, sourcePort: 20_000 + i, destinationPort: 80 }, i);
        const cut = (p: Packet) => ({ ...p, payload: p.payload.subarray(0, 30) });
        const head = "POST /video HTTP/1.1\r\nHost: cloud.example\r\nContent-Length: 1000000\r\n\r\n";
        return [
          ...c.open(START),
          cut(c.say(START + 0.1, head)),
          ...times(100, (n) => cut(c.say(START + 0.2 + n / 10, Buffer.alloc(2000)))),
        ];
      }),
    );
  });

  it("300 devices behind one address return within 4 s, and have nothing to say for long", () => {
    isQuiet(
      times(300, (i) => {
        const ends = { source: PC, destination: SERVER, sourcePort: 20_000 + i, destinationPort: 1883 };
        const c = new Conversation(ends, i);
        const at = START + i / 75;
        return [
          ...c.open(at),
          c.say(at + 0.01, connectPacket({ clientId: `d${i}` })),
          c.answer(at + 0.02, Buffer.from([0x20, 2, 0, 0])),
          c.say(at + 20, publishPacket("t", "1")),
        ];
      }),
    );
  });

  it("a router that asks by ARP for the hosts that somebody behind it tries", () => {
    const scanner = "203.0.113.77";
    const router = "10.77.0.1";
    const packets = times(60, (i) => {
      const target = `10.77.0.${100 + i}`;
      const ends = { source: scanner, destination: target, sourcePort: 40_000, destinationPort: 443 };
      return [
        tcp(START + i / 10, ends, TCP.SYN, { sequence: i, sourceMac: macOf(router) }),
        ...times(3, (n) => arp(START + i / 10 + n + 0.001, { senderAddress: router, targetAddress: target })),
      ];
    });
    assert.deepEqual(began(detect(packets)), [`host-scan ${scanner}`]);
  });
});
