import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { type ReadCaptureOptions, readCaptureFile, readCaptureStream } from "../../../../lib/network/capture/file.js";
import { pcapHeader, pcapRecord, writePcap } from "../../../../lib/network/capture/writer.js";
import type { Packet } from "../../../../lib/network/packet.js";
import { findCommand, requireOnMachine, sharedData } from "../../../setup.js";
import { hex } from "./frames.js";

const UDP = hex("4500 001e 0000 0000 40 11 0000 0a4d0009 0a4d0001 0035 c350 000a 0000 abcd");
const FOLDERS = ["portscan-detector", "titaniumorca", "zeek-btest"];

describe("capture: files", function () {
  this.timeout(60_000);

  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-capture-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function file(bytes: Buffer): string {
    const path = join(folder, "capture");
    writeFileSync(path, bytes);
    return path;
  }

  async function count(bytes: Buffer, options: ReadCaptureOptions = {}) {
    let packets = 0;
    const counters = await readCaptureFile(file(bytes), () => packets++, options);
    return { packets, counters };
  }

  const capture = (packets: number) =>
    writePcap(
      Array.from({ length: packets }, (_, time) => ({ time, bytes: UDP })),
      101,
    );

  it("reads plain and gzip files alike and tells how far it is", async () => {
    for (const bytes of [capture(70_000), gzipSync(capture(70_000))]) {
      const progress: [number, number][] = [];
      const { packets, counters } = await count(bytes, { onProgress: (read, total) => progress.push([read, total]) });
      assert.deepEqual([packets, counters.packets, counters.cutShort], [70_000, 70_000, false]);
      assert.deepEqual(progress.at(-1), [bytes.length, bytes.length]);
      assert.ok(progress.every(([read], i) => i === 0 || read > (progress[i - 1]?.[0] ?? 0)));
    }
  });

  it("reads a gzip file that was cut off as far as it goes, and refuses a damaged one", async () => {
    const whole = gzipSync(capture(20_000), { level: 0 });
    const { packets, counters } = await count(whole.subarray(0, 500_000));
    assert.ok(packets > 10_000 && packets < 11_000, String(packets));
    assert.equal(counters.cutShort, true);
    const damaged = Buffer.from(gzipSync(capture(20_000)));
    damaged.fill(0xff, 30, 60);
    await assert.rejects(count(damaged), /FORMAT: damaged gzip file: /);
    await assert.rejects(count(gzipSync(Buffer.from("hello, world"))), /FORMAT: not a capture: neither/);
  });

  it("refuses what is no capture, and passes on what the file system says", async () => {
    await assert.rejects(count(Buffer.alloc(0)), /FORMAT: empty capture/);
    await assert.rejects(count(Buffer.from("hello, world")), /FORMAT: not a capture: neither/);
    await assert.rejects(
      readCaptureFile(join(folder, "none"), () => {}),
      { code: "ENOENT" },
    );
  });

  it("ends when it is told to, and when nobody can take the packets", async () => {
    for (const bytes of [capture(70_000), gzipSync(capture(70_000))]) {
      const controller = new AbortController();
      let packets = 0;
      const path = file(bytes);
      const take = () => {
        if (++packets === 100) controller.abort(new RangeError("enough"));
      };
      await assert.rejects(readCaptureFile(path, take, { signal: controller.signal }), RangeError);
      assert.ok(packets < 70_000);
      const fail = () => {
        throw new TypeError("a fault of ours");
      };
      await assert.rejects(readCaptureFile(path, fail), TypeError);
    }
  });

  it("reads a stream of 200 MB in constant memory", async () => {
    const records = Array.from({ length: 2000 }, (_, time) => {
      // New addresses, ports and fragments all the time: nothing of them may stay.
      const bytes = Buffer.concat([UDP, Buffer.alloc(1000)]);
      bytes.writeUInt32BE(Math.imul(time, 0x9e3779b1) >>> 0, 12);
      return pcapRecord({ time, bytes });
    });
    const batch = Buffer.concat(records);
    const batches = Math.ceil(200e6 / batch.length);
    const address = 16 + 12;
    const source = function* () {
      yield pcapHeader(101);
      for (let i = 0; i < batches; i++) {
        for (let at = 0, n = 0; at < batch.length; at += 1046, n++) {
          batch.writeUInt32BE(Math.imul(i * 2000 + n, 0x01000193) >>> 0, at + address);
          // Every other packet is the first of two fragments whose rest never comes.
          batch.writeUInt16BE(n % 2 === 0 ? 0x2000 : 0, at + 16 + 6);
          batch.writeUInt16BE(n & 0xffff, at + 16 + 4);
          batch.writeUInt16BE(n % 2 === 0 ? 1028 : 30, at + 16 + 2);
        }
        yield batch;
      }
    };
    let half = 0;
    let packets = 0;
    const counters = await readCaptureStream(Readable.from(source(), { highWaterMark: 1 }), () => {
      if (++packets === batches * 1000) half = process.memoryUsage().rss;
    });
    assert.equal(packets + counters.unreadable, batches * 2000);
    assert.ok(counters.fragments.evicted + counters.fragments.timedOut > 90_000);
    const growth = process.memoryUsage().rss - half;
    assert.ok(growth < 64e6, `${growth} bytes more after the second half`);
  });

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
