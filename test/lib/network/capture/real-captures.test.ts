import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readCaptureFile } from "../../../../lib/network/capture/file.js";
import type { Packet } from "../../../../lib/network/packet.js";
import { findCommand, requireOnMachine, sharedData } from "../../../setup.js";

const FOLDERS = ["portscan-detector", "titaniumorca", "zeek-btest"];

const TSHARK_FIELDS = [
  ...["frame.time_epoch", "frame.len", "eth.src", "sll.src.eth", "vlan.id", "ip.src", "ipv6.src", "ip.dst", "ipv6.dst"],
  ...["ip.ttl", "ipv6.hlim", "ip.proto", "tcp.srcport", "udp.srcport", "tcp.dstport", "udp.dstport", "icmp.type"],
  ...["icmpv6.type", "icmp.code", "icmpv6.code", "tcp.flags", "tcp.seq_raw", "tcp.ack_raw", "tcp.window_size_value"],
  ...["tcp.hdr_len", "tcp.len", "ipv6.plen", "ipv6.fraghdr.nxt", "arp.opcode", "arp.src.proto_ipv4", "arp.src.hw_mac"],
];

/** A packet in the form that {@link readTshark} makes of tshark's line. */
function asTshark(packet: Packet): string {
  const { arp, protocol } = packet;
  const isTcp = protocol === 6 && !packet.fragment;
  const isIcmp = protocol === 1 || protocol === 58;
  return [
    ...[packet.time.toFixed(6), packet.wireLength, packet.sourceMac, packet.vlan, packet.source, packet.destination],
    ...[packet.source === "" ? "" : packet.ttl, packet.sourcePort, packet.destinationPort],
    ...(isTcp ? [packet.flags, packet.sequence, packet.acknowledgement, packet.window, packet.headerLength] : []),
    ...(isTcp ? [packet.payloadLength] : []),
    ...(isIcmp ? ["icmp"] : []),
    ...(arp ? [arp.operation, arp.senderAddress, arp.senderMac] : []),
  ].join(" ");
}

function readTshark(line: string): string {
  const values = line.split("\t");
  const field = (...names: string[]) => names.map((name) => values[TSHARK_FIELDS.indexOf(name)]).find((text) => text);
  const isTcp = field("tcp.srcport") !== undefined;
  const isIcmp = field("icmp.type", "icmpv6.type") !== undefined;
  const tcp = ["tcp.seq_raw", "tcp.ack_raw", "tcp.window_size_value", "tcp.hdr_len"];
  // Extension headers count as payload with us and with Zeek FlowMeter, except the fragment header.
  const fragmentHeader = field("ipv6.fraghdr.nxt") === undefined ? 0 : 8;
  const plen = field("ipv6.plen");
  const payload = plen === undefined ? field("tcp.len") : Number(plen) - Number(field("tcp.hdr_len")) - fragmentHeader;
  return [
    ...[Number(field("frame.time_epoch")).toFixed(6), field("frame.len"), field("eth.src", "sll.src.eth") ?? ""],
    ...[field("vlan.id") ?? 0, field("ip.src", "ipv6.src") ?? "", field("ip.dst", "ipv6.dst") ?? ""],
    field("ip.ttl", "ipv6.hlim") ?? "",
    field("tcp.srcport", "udp.srcport", "icmp.type", "icmpv6.type") ?? 0,
    field("tcp.dstport", "udp.dstport", "icmp.code", "icmpv6.code") ?? 0,
    ...(isTcp ? [Number(field("tcp.flags")), ...tcp.map((name) => field(name)), payload] : []),
    ...(isIcmp ? ["icmp"] : []),
    ...(field("arp.opcode") ? [field("arp.opcode"), field("arp.src.proto_ipv4"), field("arp.src.hw_mac")] : []),
  ].join(" ");
}

describe("capture: real captures, beside Wireshark's tools", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-capture-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const paths = () =>
    FOLDERS.flatMap((name) => {
      const inside = join(sharedData, "pcaps", name);
      return existsSync(inside) ? readdirSync(inside).map((entry) => join(inside, entry)) : [];
    }).filter((path) => path.endsWith(".pcap.gz"));

  it("finds as many packets as capinfos in every real capture", async function () {
    requireOnMachine(this, paths().length > 0, "captures in REDOUBT_TEST_DATA");
    requireOnMachine(this, findCommand("capinfos") !== undefined, "capinfos: apt-get install wireshark-common");
    const table = execFileSync("capinfos", ["-T", "-M", "-r", "-c", ...paths()], { encoding: "utf8" });
    const expected = new Map(table.split("\n").map((line) => line.split("\t") as [string, string]));
    for (const path of paths()) {
      let delivered = 0;
      const counters = await readCaptureFile(path, () => delivered++);
      assert.equal(counters.packets, Number(expected.get(path)), path);
      assert.equal(delivered + counters.unreadable, counters.packets, path);
      // The one capture of ARP with hardware addresses of 255 bytes.
      assert.equal(counters.unreadable, path.includes("arp-leak") ? 6 : 0, path);
      assert.equal(counters.cutShort, false);
    }
  });

  it("reads every field as tshark does, from pcapng of several interfaces", async function () {
    requireOnMachine(this, paths().length > 0, "captures in REDOUBT_TEST_DATA");
    const installed = ["tshark", "mergecap"].every((name) => findCommand(name) !== undefined);
    requireOnMachine(this, installed, "tshark and mergecap: apt-get install tshark");
    const merged = join(folder, "merged.pcapng");
    const small = paths().filter((path) => !path.includes("portscan-detector") && !path.includes("arp-leak"));
    execFileSync("mergecap", ["-a", "-F", "pcapng", "-w", merged, ...small]);
    const fields = TSHARK_FIELDS.flatMap((name) => ["-e", name]);
    const options = ["-n", "-o", "tcp.desegment_tcp_streams:FALSE", "-T", "fields", "-E", "occurrence=f"];
    const printed = execFileSync("tshark", [...options, "-r", merged, ...fields], {
      encoding: "utf8",
      maxBuffer: 100e6,
      stdio: ["ignore", "pipe", "ignore"],
    });
    const ours: string[] = [];
    await readCaptureFile(merged, (packet) => ours.push(asTshark(packet)));
    const theirs = printed.trimEnd().split("\n").map(readTshark);
    assert.equal(ours.length, theirs.length);
    for (const [i, line] of ours.entries()) if (line !== theirs[i]) assert.equal(line, theirs[i], `packet ${i + 1}`);
    assert.ok(ours.length > 10_000);
  });
});
