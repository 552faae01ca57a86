import assert from "node:assert/strict";
import { THRESHOLDS } from "../../../../lib/network/detect/thresholds.js";
import { type Packet, TCP } from "../../../../lib/network/packet.js";
import { ATTACKER, began, crosses, detect, times } from "../../../support/detections.js";
import { arp, back, Conversation, icmp, macOf, packetOf, refused, START, tcp, udp } from "../../../support/packets.js";

const VICTIM = "10.77.0.1";
const ends = (destinationPort: number, sourcePort = 50_000, destination = VICTIM) => ({
  source: ATTACKER,
  destination,
  sourcePort,
  destinationPort,
});

const raw = { headerLength: 24, window: 1024 };
const bare = { headerLength: 20, window: 512 };

describe("detectors at their thresholds", () => {
  it("SYN, connect and slow scans: distinct closed ports of one host, whatever is repeated", () => {
    const scan = (gap: number, syn: Partial<Packet>) => (count: number) =>
      times(count, (i) => [
        ...refused(START + i * gap, ends(1000 + i), { sequence: i, ...syn }),
        // The same port again, as scanners do, is no other port.
        ...refused(START + i * gap + gap / 2, ends(1000 + i, 50_001), { sequence: i, ...syn }),
      ]);
    const alert = crosses("syn-scan", scan(0.2, raw), THRESHOLDS["syn-scan"].count);
    assert.equal(alert.target?.address, VICTIM);
    assert.equal(alert.source.mac, macOf(ATTACKER));
    assert.equal(alert.proof, "none");
    crosses("connect-scan", scan(0.2, {}), THRESHOLDS["connect-scan"].count);
    crosses("slow-scan", scan(15, raw), THRESHOLDS["slow-scan"].count);
    crosses("slow-scan", scan(300, raw), THRESHOLDS["slow-scan"].count);
  });

  it("a scan whose probes nobody answers", () => {
    crosses("syn-scan", (count) => times(count, (i) => tcp(START + i / 10, ends(i + 1), TCP.SYN, raw)), 15);
  });

  it("scans with impossible flags and with ACK", () => {
    const probe = (flags: number) => (count: number) =>
      times(count, (i) => tcp(START + i, ends(20 + i), flags, { headerLength: 20, window: 1024, sequence: 5 }));
    crosses("fin-scan", probe(TCP.FIN), THRESHOLDS["fin-scan"].count);
    crosses("null-scan", probe(0), THRESHOLDS["null-scan"].count);
    crosses("xmas-scan", probe(TCP.FIN | TCP.PSH | TCP.URG), THRESHOLDS["xmas-scan"].count);
    crosses("ack-scan", probe(TCP.ACK), THRESHOLDS["ack-scan"].count);
    crosses("ack-scan", probe(TCP.ACK | TCP.FIN), THRESHOLDS["ack-scan"].count);
  });

  it("UDP scan, with the port unreachable of its victim", () => {
    const scan = (count: number) =>
      times(count, (i) => [
        udp(START + i, ends(100 + i), Buffer.alloc(0)),
        icmp(START + i + 0.001, VICTIM, ATTACKER, 3, { destinationPort: 3 }),
      ]);
    crosses("udp-scan", scan, THRESHOLDS["udp-scan"].count);
  });

  it("sweeps for a port, by ARP and by ping", () => {
    const host = (i: number) => `10.77.0.${100 + i}`;
    const { count } = THRESHOLDS["host-scan"];
    crosses("host-scan", (n) => times(n, (i) => tcp(START + i, ends(23, 40_000, host(i)), TCP.SYN, raw)), count);
    crosses(
      "host-scan",
      (n) => times(n, (i) => arp(START + i / 5, { senderAddress: ATTACKER, targetAddress: host(i) })),
      count,
    );
    crosses("host-scan", (n) => times(n, (i) => icmp(START + i / 5, ATTACKER, host(i))), 2 * count);
  });

  it("a worm that asks all the world for one port", () => {
    const world = times(150, (i) => tcp(START + i / 10, ends(23, 40_000, `${20 + i}.4.${i}.7`), TCP.SYN));
    assert.deepEqual(began(detect(world)), [`host-scan ${ATTACKER}`]);
  });

  it("probes of the operating system", () => {
    const syn = { headerLength: 40, window: 1 };
    const probes = [
      tcp(START, ends(80), TCP.SYN, syn),
      tcp(START + 0.1, ends(80), TCP.SYN | TCP.ECE | TCP.CWR, { headerLength: 40, window: 3 }),
      udp(START + 0.2, ends(40_000), Buffer.alloc(300, "C")),
      icmp(START + 0.3, ATTACKER, VICTIM, 8, { destinationPort: 9 }),
    ];
    crosses("os-probe", (count) => probes.slice(0, count), THRESHOLDS["os-probe"].count);
  });

  it("a sweep by neighbour discovery, and packets with SYN and FIN", () => {
    const sweep = (count: number) =>
      times(count, (i) => {
        const target = Buffer.from(`fd120008${"0".repeat(20)}${(256 + i).toString(16).padStart(4, "0")}`, "hex");
        return icmp(START + i / 10, "fd12:8::66", "ff02::1:ff00:1", 135, { protocol: 58, payload: target });
      });
    crosses("host-scan", sweep, THRESHOLDS["host-scan"].count, "fd12:8::66");
    const synFin = (count: number) => times(count, (i) => tcp(START + i / 10, ends(1000 + i), TCP.SYN | TCP.FIN));
    crosses("xmas-scan", synFin, THRESHOLDS["xmas-scan"].count);
  });

  it("an ACK scan whose packets were captured on both sides of a router", () => {
    const twice = (count: number) =>
      times(count, (i) => {
        const ack = tcp(START + i / 10, ends(1000 + i), TCP.ACK, { sequence: i, acknowledgement: 7 });
        return [ack, { ...ack, time: ack.time + 0.0001, sourceMac: macOf("10.77.0.2") }];
      });
    crosses("ack-scan", twice, THRESHOLDS["ack-scan"].count);
  });

  it("protocols tried on one port", () => {
    const words = ["GET / HTTP/1.0\r\n\r\n", "HELP\r\n", "OPTIONS / RTSP/1.0\r\n\r\n"];
    const probe = (count: number) =>
      words.slice(0, count).flatMap((word, i) => {
        const c = new Conversation(ends(9000, 50_000 + i), i);
        return [
          ...c.open(START + i),
          c.say(START + i + 0.1, word),
          c.answer(START + i + 0.2, "?"),
          ...c.close(START + i + 0.3),
        ];
      });
    assert.equal(crosses("service-probe", probe, THRESHOLDS["service-probe"].count).proof, "handshake");
  });

  it("SYN floods: with options, without, and those that no system sends", () => {
    const flood = (rate: number, port: number, syn: Partial<Packet>) => (count: number) =>
      times(count, (i) => tcp(START + i / rate, ends(port, 1024 + i), TCP.SYN, { sequence: i, ...syn }));
    crosses("syn-flood", flood(50, 80, {}), THRESHOLDS["syn-flood"].count);
    crosses("syn-flood", flood(1000, 80, bare), THRESHOLDS["syn-flood"].count / 5);
    crosses("syn-flood", flood(1, 0, bare), 20);
  });

  it("repeated SYNs count once, completed ones not at all", () => {
    const repeated = times(2000, (i) => tcp(START + i / 200, ends(80, 1024 + (i % 50)), TCP.SYN, { sequence: i % 50 }));
    assert.deepEqual(began(detect(repeated)), []);
    const busy = times(2000, (i) => new Conversation(ends(80, 1024 + i), i).open(START + i / 400));
    assert.deepEqual(began(detect(busy)), []);
  });

  it("forged sources: nobody's address is named, the MAC is", () => {
    const forged = (count: number) =>
      times(count, (i) => [
        tcp(START + i / 1000, { ...ends(80, 1024 + i), source: `${11 + (i % 200)}.${i % 251}.3.4` }, TCP.SYN, {
          ...bare,
          sourceMac: macOf(ATTACKER),
        }),
        tcp(
          START + i / 1000 + 0.0001,
          { ...back(ends(80, 1024 + i)), destination: `${11 + (i % 200)}.${i % 251}.3.4` },
          TCP.SYN | TCP.ACK,
        ),
      ]);
    const alert = crosses("spoofed-syn-flood", forged, THRESHOLDS["spoofed-syn-flood"].count, "");
    assert.equal(alert.source.mac, macOf(ATTACKER));
    assert.equal(alert.proof, "none");
  });

  it("what is sent from an address to itself, or answered with RST by its owner, is forged", () => {
    const owner = "10.77.0.10";
    const flood = (source: string) =>
      times(200, (i) => {
        const to = { ...ends(80, 1024 + i), source };
        const forged = { ...bare, sequence: i, sourceMac: macOf(ATTACKER) };
        const answer = { sequence: 9, acknowledgement: i + 1 };
        return [
          tcp(START + i / 100, to, TCP.SYN, forged),
          tcp(START + i / 100 + 0.001, back(to), TCP.SYN | TCP.ACK, answer),
          ...(source === owner ? [tcp(START + i / 100 + 0.002, to, TCP.RST, { sequence: i + 1 })] : []),
        ];
      });
    for (const source of [owner, VICTIM]) {
      const alerts = detect(flood(source));
      assert.deepEqual(began(alerts), ["spoofed-syn-flood "]);
      assert.equal(alerts[0]?.source.mac, macOf(ATTACKER));
    }
  });

  it("ACK floods from made-up addresses", () => {
    const flood = (count: number) =>
      times(count, (i) =>
        tcp(START + i / 500, { ...ends(80, 2000 + i), source: `198.51.${i % 250}.${i % 99}` }, TCP.ACK, {
          sequence: i,
          sourceMac: macOf(ATTACKER),
        }),
      );
    assert.equal(crosses("ack-scan", flood, 1000, "").source.mac, macOf(ATTACKER));
  });

  it("SCTP INIT scans, and scans for the protocols of a host", () => {
    const init = (count: number) =>
      times(count, (i) => {
        const payload = Buffer.alloc(32);
        payload.writeUInt16BE(1000 + i, 2);
        payload[12] = 1;
        return packetOf({ time: START + i / 10, source: ATTACKER, destination: VICTIM, protocol: 132, payload });
      });
    crosses("syn-scan", init, THRESHOLDS["syn-scan"].count);
    const protocols = (count: number) =>
      times(count, (i) =>
        packetOf({ time: START + i / 10, source: ATTACKER, destination: VICTIM, protocol: 133 + i, payloadLength: 0 }),
      );
    crosses("service-probe", protocols, 15);
  });

  it("the address of a host that is known under another MAC is not accused", () => {
    const sensor = "10.77.0.10";
    const c = new Conversation({ source: sensor, destination: VICTIM, sourcePort: 40_000, destinationPort: 1883 });
    const flood = times(500, (i) =>
      tcp(START + 5 + i / 1000, { ...ends(1883, 1024 + i), source: sensor }, TCP.SYN, {
        ...bare,
        sourceMac: macOf(ATTACKER),
      }),
    );
    const scan = times(30, (i) =>
      refused(START + 9 + i / 10, { ...ends(100 + i), source: sensor }, { ...raw, sourceMac: macOf(ATTACKER) }),
    );
    const alerts = detect([...c.open(START), ...flood, ...scan]);
    assert.deepEqual(began(alerts), ["spoofed-syn-flood ", "syn-scan "]);
    assert.ok(alerts.every(({ source, proof }) => source.mac === macOf(ATTACKER) && proof === "none"));
  });

  it("UDP and ICMP floods, of one source and of forged ones; who answers is never the attacker", () => {
    const flood = (count: number) =>
      times(count, (i) => [
        udp(START + i / 1000, ends(53, 1024 + i)),
        icmp(START + i / 1000, VICTIM, ATTACKER, 3, { destinationPort: 3 }),
      ]);
    crosses("udp-flood", flood, THRESHOLDS["udp-flood"].count);
    const pings = (count: number) =>
      times(count, (i) => [icmp(START + i / 200, ATTACKER, VICTIM), icmp(START + i / 200, VICTIM, ATTACKER, 0)]);
    crosses("icmp-flood", pings, THRESHOLDS["icmp-flood"].count);
    const forged = times(3000, (i) =>
      icmp(START + i / 3000, `${11 + (i % 200)}.${i % 251}.3.4`, VICTIM, 8, { sourceMac: macOf(ATTACKER) }),
    );
    const alerts = detect(forged);
    assert.deepEqual(began(alerts), ["icmp-flood "]);
    assert.equal(alerts[0]?.source.mac, macOf(ATTACKER));
  });

  it("slow headers and slow bodies", () => {
    const slow = (head: string) => (count: number) =>
      times(count, (i) => {
        const c = new Conversation(ends(80, 30_000 + i), i);
        return [
          ...c.open(START),
          c.say(START + 0.1, head),
          c.say(START + 4, "X-a: b\r\n"),
          c.say(START + 9, "X-c: d\r\n"),
        ];
      });
    const { count } = THRESHOLDS["slow-connections"];
    assert.equal(crosses("slow-connections", slow("GET / HTTP/1.1\r\nHost: x\r\n"), count).proof, "handshake");
    crosses("slow-connections", slow("POST / HTTP/1.1\r\nContent-Length: 4096\r\n\r\n"), count);
    const unread = (size: number) =>
      times(size, (i) => {
        const c = new Conversation(ends(80, 30_000 + i), i);
        return [
          ...c.open(START),
          c.say(START + 0.1, "GET / HTTP/1.1\r\n\r\n"),
          c.answer(START + 0.2, Buffer.alloc(1000)),
          ...[0.3, 7].map((time) =>
            tcp(START + time, c.ends, TCP.ACK, {
              sequence: c.clientNext,
              acknowledgement: c.serverNext,
              window: 0,
            }),
          ),
        ];
      });
    crosses("slow-connections", unread, count);
  });

  it("guessed SSH logins", () => {
    const newKeys = Buffer.from([0, 0, 0, 12, 10, 21, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    const guess = (count: number) =>
      times(4, (connection) => {
        const c = new Conversation(ends(22, 30_000 + connection), connection);
        const at = START + connection;
        const tries = Math.floor(count / 4) + (connection < count % 4 ? 1 : 0);
        return [
          ...c.open(at),
          c.say(at + 0.1, "SSH-2.0-x\r\n"),
          c.answer(at + 0.1, "SSH-2.0-y\r\n"),
          c.say(at + 0.2, newKeys),
          c.say(at + 0.3, Buffer.alloc(44)),
          c.answer(at + 0.3, Buffer.alloc(44)),
          ...times(tries, (i) => [
            c.say(at + 0.4 + i / 50, Buffer.alloc(84)),
            c.answer(at + 0.41 + i / 50, Buffer.alloc(76)),
          ]),
          ...c.close(at + 0.9),
        ];
      });
    crosses("ssh-brute-force", guess, THRESHOLDS["ssh-brute-force"].count);
  });

  it("ARP: the claim to another's address while it lives, and a storm", () => {
    const gateway = "10.77.0.1";
    const mac = macOf(ATTACKER);
    const poison = (count: number) => [
      arp(START, { senderAddress: ATTACKER, targetAddress: gateway }),
      ...times(count + 2, (i) => arp(START + i * 2 + 1.5, { senderAddress: gateway, targetAddress: "10.77.0.20" })),
      ...times(count, (i) =>
        arp(START + i * 2 + 2, {
          operation: 2,
          senderAddress: gateway,
          senderMac: mac,
          targetAddress: "10.77.0.20",
          targetMac: macOf("10.77.0.20"),
        }),
      ),
    ];
    const alert = crosses("arp-spoofing", poison, THRESHOLDS["arp-spoofing"].count);
    assert.equal(alert.proof, "link-layer");
    assert.equal(alert.source.mac, mac);
    const storm = (count: number) =>
      times(count, (i) => arp(START + i / 10, { senderAddress: ATTACKER, targetAddress: ATTACKER }));
    crosses("arp-storm", storm, THRESHOLDS["arp-storm"].count);
  });

  it("ARP answers about an address that was never heard, to a host that did not ask", () => {
    const push = (count: number) => [
      arp(START, { senderAddress: ATTACKER, targetAddress: "10.77.0.20" }),
      ...times(count, (i) =>
        arp(START + 1 + i * 2, {
          operation: 2,
          senderAddress: "10.77.0.1",
          senderMac: macOf(ATTACKER),
          targetAddress: "10.77.0.20",
          targetMac: macOf("10.77.0.20"),
        }),
      ),
    ];
    crosses("arp-spoofing", push, THRESHOLDS["arp-spoofing"].count + 2);
  });

  it("a capture that begins within ARP spoofing accuses the attacker, not the gateway", () => {
    const gateway = "10.77.0.1";
    const mac = macOf(ATTACKER);
    const packets = times(8, (i) => [
      arp(START + i * 2, {
        operation: 2,
        senderAddress: gateway,
        senderMac: mac,
        targetAddress: "10.77.0.20",
        targetMac: macOf("10.77.0.20"),
      }),
      arp(START + i * 2 + 1, { senderAddress: gateway, targetAddress: "10.77.0.30" }),
    ]);
    const alerts = detect(packets).filter(({ phase }) => phase === "began");
    assert.deepEqual(
      alerts.map(({ kind, source }) => [kind, source.mac]),
      [["arp-spoofing", mac]],
    );
  });
});
