import assert from "node:assert/strict";
import { decode, decodeAll, faultOf, hex } from "./frames.js";

const MACS = "0a0b0c0d0e0f 020406080a0c";
/** 10.77.0.9:40000 -> 10.77.0.1:1883, SYN ACK, 24 bytes of header, payload "hey". */
const TCP_SEGMENT = "9c40 075b fffffffe 80000001 60 12 04d2 0000 0000 020405b4 686579";
const IPV4 = `4500 002f 1234 4000 3f 06 0000 0a4d0009 0a4d0001 ${TCP_SEGMENT}`;
const IPV6_ENDS = "fe800000000000000000000000000001 20010db8000000000001000000000001";
const UDP_DATAGRAM = "0035 c350 000a 0000 abcd";

const EXPECTED_TCP = {
  network: "ipv4",
  source: "10.77.0.9",
  destination: "10.77.0.1",
  ttl: 63,
  protocol: 6,
  fragment: false,
  sourcePort: 40_000,
  destinationPort: 1883,
  flags: 0x12,
  sequence: 0xfffffffe,
  acknowledgement: 0x80000001,
  window: 1234,
  headerLength: 24,
  payloadLength: 3,
  payload: "686579",
  arp: undefined,
};

function pick(packet: object, like: object): object {
  return Object.fromEntries(Object.keys(like).map((key) => [key, packet[key as keyof typeof packet]]));
}

describe("capture: link layers", () => {
  it("reads Ethernet", () => {
    const packet = decode(1, hex(MACS, "0800", IPV4));
    const link = { sourceMac: "02:04:06:08:0a:0c", destinationMac: "0a:0b:0c:0d:0e:0f", vlan: 0, wireLength: 61 };
    assert.deepEqual(packet, { time: 1000, ...link, ...EXPECTED_TCP });
  });

  it("follows stacked VLAN tags and names the outermost", () => {
    const packet = decode(1, hex(MACS, "88a8 6065 8100 0007 0800", IPV4));
    assert.equal(packet.vlan, 0x065);
    assert.deepEqual(pick(packet, EXPECTED_TCP), EXPECTED_TCP);
    assert.equal(faultOf(1, hex(MACS, "8100 0007 81")), "truncated VLAN tag");
  });

  it("reads Linux cooked captures, version 1 and 2", () => {
    const first = decode(113, hex("0000 0001 0006 020406080a0c 0000 0800", IPV4));
    assert.deepEqual(pick(first, EXPECTED_TCP), EXPECTED_TCP);
    assert.deepEqual([first.sourceMac, first.destinationMac], ["02:04:06:08:0a:0c", ""]);
    const second = decode(276, hex("0800 0000 00000002 0001 00 06 020406080a0c 0000", IPV4));
    assert.deepEqual(pick(second, EXPECTED_TCP), EXPECTED_TCP);
    assert.deepEqual([second.sourceMac, second.destinationMac], ["02:04:06:08:0a:0c", ""]);
    assert.equal(decode(113, hex("0000 0304 0000 0000000000000000 0800", IPV4)).sourceMac, "");
  });

  it("reads raw IP and loopback of either byte order", () => {
    for (const link of [101, 12, 14, 228]) assert.deepEqual(pick(decode(link, hex(IPV4)), EXPECTED_TCP), EXPECTED_TCP);
    for (const family of ["02000000", "00000002"]) {
      assert.deepEqual(pick(decode(0, hex(family, IPV4)), EXPECTED_TCP), EXPECTED_TCP);
      assert.deepEqual(pick(decode(108, hex(family, IPV4)), EXPECTED_TCP), EXPECTED_TCP);
    }
    const ipv6 = hex("6000 0000 000a 11 40", IPV6_ENDS, UDP_DATAGRAM);
    for (const link of [101, 229]) assert.equal(decode(link, ipv6).sourcePort, 53);
    for (const family of ["0a000000", "18000000", "0000001c", "1e000000"]) {
      assert.equal(decode(0, Buffer.concat([hex(family), ipv6])).network, "ipv6");
    }
    assert.equal(faultOf(101, hex("5500")), "IP version is neither 4 nor 6");
  });

  it("hands on what is neither IP nor ARP as other, and forgets the packet before", () => {
    const { packets } = decodeAll(1, [hex(MACS, "0800", IPV4), hex(MACS, "88cc 0102"), hex(MACS, "0026 4242 03")]);
    const other = { network: "other", source: "", protocol: 0, sourcePort: 0, flags: 0, sequence: 0, payload: "" };
    for (const packet of packets.slice(1)) assert.deepEqual(pick(packet, other), other);
    assert.equal(packets.length, 3);
  });

  it("counts frames that are too short for their link layer", () => {
    assert.equal(faultOf(1, hex(MACS)), "truncated Ethernet header");
    assert.equal(faultOf(113, hex("0000")), "truncated Linux cooked header");
    assert.equal(faultOf(276, hex("0800")), "truncated Linux cooked header");
    assert.equal(faultOf(0, hex("0200")), "truncated loopback header");
    assert.equal(faultOf(101, hex("")), "truncated IP header");
    assert.equal(faultOf(105, hex("00")), "link type that is not read");
  });

  it("reads ARP for Ethernet and IPv4 only", () => {
    const frame = hex(MACS, "0806 0001 0800 06 04 0002 020406080a0c 0a4d0009 0a0b0c0d0e0f 0a4d0001", "00".repeat(18));
    assert.deepEqual(pick(decode(1, frame), { network: 0, source: 0, protocol: 0, arp: 0 }), {
      network: "arp",
      source: "",
      protocol: 0,
      arp: {
        operation: 2,
        senderMac: "02:04:06:08:0a:0c",
        senderAddress: "10.77.0.9",
        targetMac: "0a:0b:0c:0d:0e:0f",
        targetAddress: "10.77.0.1",
      },
    });
    assert.equal(faultOf(1, frame.subarray(0, 41)), "truncated ARP packet");
    const other = Buffer.from(frame);
    other[18] = 8;
    assert.equal(faultOf(1, other), "ARP for something else than Ethernet and IPv4");
  });
});

describe("capture: IPv4", () => {
  const ip = (text: string) => hex(text);

  it("skips options and counts no padding as payload", () => {
    const options = ip(`4600 0033 1234 4000 3f 06 0000 0a4d0009 0a4d0001 94040000 ${TCP_SEGMENT}`);
    assert.deepEqual(pick(decode(101, options), EXPECTED_TCP), EXPECTED_TCP);
    const padded = Buffer.concat([hex(MACS, "0800", IPV4), Buffer.alloc(9, 0x55)]);
    assert.deepEqual(pick(decode(1, padded), EXPECTED_TCP), EXPECTED_TCP);
  });

  it("takes the frame's length where the network card is still to cut the segment up", () => {
    const packet = decode(101, ip(IPV4.replace("4500 002f", "4500 0000")));
    assert.deepEqual(pick(packet, EXPECTED_TCP), EXPECTED_TCP);
  });

  it("tells payload by the header fields, and what of it was captured", () => {
    const bytes = ip(`4500 05dc 0000 4000 40 06 0000 0a4d0009 0a4d0001 ${TCP_SEGMENT}`);
    const packet = decode(101, { bytes, wireLength: 1500 });
    assert.deepEqual([packet.payloadLength, packet.payload, packet.wireLength], [1500 - 44, "686579", 1500]);
    const headersOnly = decode(101, { bytes: bytes.subarray(0, 41), wireLength: 1500 });
    assert.deepEqual([headersOnly.payloadLength, headersOnly.payload, headersOnly.flags], [1500 - 44, "", 0x12]);
  });

  it("reads UDP, ICMP and protocols without ports", () => {
    const udp = decode(101, ip(`4500 001e 0000 0000 40 11 0000 0a4d0009 0a4d0001 ${UDP_DATAGRAM}`));
    assert.deepEqual(
      [udp.protocol, udp.sourcePort, udp.destinationPort, udp.headerLength, udp.payloadLength, udp.payload],
      [17, 53, 50_000, 8, 2, "abcd"],
    );
    const icmp = decode(101, ip("4500 001e 0000 0000 40 01 0000 0a4d0009 0a4d0001 0301 0000 00000000 4500"));
    assert.deepEqual(
      [icmp.protocol, icmp.sourcePort, icmp.destinationPort, icmp.headerLength, icmp.payloadLength],
      [1, 3, 1, 8, 2],
    );
    const igmp = decode(101, ip("4600 0020 0000 0000 01 02 0000 0a4d0009 e0000016 94040000 1600 0000 e00000fb"));
    assert.deepEqual([igmp.protocol, igmp.headerLength, igmp.payloadLength, igmp.sourcePort], [2, 0, 8, 0]);
  });

  it("counts by reason what cannot be read", () => {
    const cases: [string, string][] = [
      ["4500 002f 1234 4000 3f 06 0000 0a4d0009 0a4d", "truncated IPv4 header"],
      [IPV4.replace("4500", "4f00").slice(0, 60), "truncated IPv4 header"],
      [IPV4.replace("4500", "4400"), "IPv4 header length below 20"],
      [IPV4.replace("4500 002f", "4500 0013"), "IPv4 total length below its header"],
      [IPV4.replace("4500 002f", "4500 0030"), "IPv4 total length beyond the frame"],
      [IPV4.replace("4500 002f", "4500 0027"), "truncated TCP header"],
      [IPV4.replace("80000001 60", "80000001 40"), "TCP data offset below 5"],
      [IPV4.replace("80000001 60", "80000001 70"), "TCP header beyond the IP packet"],
      ["4500 001b 0000 0000 40 11 0000 0a4d0009 0a4d0001 0035 c350 000a 00", "truncated UDP header"],
      ["4500 001b 0000 0000 40 01 0000 0a4d0009 0a4d0001 0800 0000 0000 00", "truncated ICMP header"],
    ];
    for (const [bytes, reason] of cases) assert.equal(faultOf(101, ip(bytes)), reason, bytes);
    assert.equal(faultOf(228, hex("60", "00".repeat(40))), "IPv4 header of another version");
  });
});

describe("capture: IPv6", () => {
  const ipv6 = (next: string, length: string, body: string) => hex(`6000 0000 ${length} ${next} 40`, IPV6_ENDS, body);

  it("reads UDP and ICMPv6", () => {
    const udp = decode(229, ipv6("11", "000a", UDP_DATAGRAM));
    assert.deepEqual(
      [udp.network, udp.source, udp.destination, udp.ttl, udp.protocol, udp.sourcePort, udp.payload],
      ["ipv6", "fe80::1", "2001:db8::1:0:0:1", 64, 17, 53, "abcd"],
    );
    const icmp = decode(229, ipv6("3a", "000a", "8700 0000 00000000 1122"));
    assert.deepEqual([icmp.protocol, icmp.sourcePort, icmp.payloadLength], [58, 135, 2]);
  });

  it("passes extension headers, which count as payload, and the fragment header, which does not", () => {
    // Hop-by-hop, routing, destination options, AH of 24 bytes, atomic fragment: 8 + 8 + 16 + 24 count.
    const chain = [
      "2b00 050200000100",
      "3c00 000000000000",
      "3301 0104000000000104 000000000000",
      "2c04 0000 00000001 00000001 0000000000000000 00000000",
      "1100 0000 00000007",
    ];
    const packet = decode(229, ipv6("00", "004a", chain.join("") + UDP_DATAGRAM));
    assert.deepEqual(
      [packet.protocol, packet.destinationPort, packet.headerLength, packet.payloadLength, packet.payload],
      [17, 50_000, 8, 56 + 2, "abcd"],
    );
    assert.equal(packet.fragment, false);
  });

  it("takes the frame's length for segments of length zero, but not padding for payload", () => {
    assert.equal(decode(229, ipv6("11", "0000", UDP_DATAGRAM)).payloadLength, 2);
    const nothing = decode(1, hex(MACS, "86dd 6000 0000 0000 3b 40", IPV6_ENDS, "000000000000"));
    assert.deepEqual([nothing.protocol, nothing.payloadLength, nothing.payload], [59, 0, ""]);
  });

  it("counts by reason what cannot be read", () => {
    const cases: [Buffer, string][] = [
      [hex("6000 0000 000a 11 40", IPV6_ENDS).subarray(0, 39), "truncated IPv6 header"],
      [hex("45", "00".repeat(40)), "IPv6 header of another version"],
      [ipv6("11", "000b", UDP_DATAGRAM), "IPv6 payload length beyond the frame"],
      [ipv6("00", "0004", "2b000502"), "truncated IPv6 extension header"],
      [ipv6("00", "0008", "2b01 050200000100"), "truncated IPv6 extension header"],
      [ipv6("33", "0008", "1104 000000000000"), "truncated IPv6 extension header"],
      [ipv6("2c", "0004", "11000000"), "truncated IPv6 extension header"],
      [ipv6("3c", "0008", "0600 010400000000"), "truncated TCP header"],
    ];
    for (const [frame, reason] of cases) assert.equal(faultOf(229, frame), reason, frame.toString("hex"));
  });
});
