import assert from "node:assert/strict";
import fc from "fast-check";
import { Rejection } from "../../../../lib/common/rejection.js";
import { CaptureReader } from "../../../../lib/network/capture/reader.js";
import { secondsOf } from "../../../../lib/network/capture/timestamp-resolution.js";
import { writePcap } from "../../../../lib/network/capture/writer.js";
import { Bytes } from "./capture-bytes.js";
import { hex, type Kept, kept } from "./frames.js";

const UDP = hex("4500 001e 0000 0000 40 11 0000 0a4d0009 0a4d0001 0035 c350 000a 0000 abcd");
const MICRO = 0xa1b2c3d4;
const NANO = 0xa1b23c4d;
const LITTLE = new Bytes(false);
const BIG = new Bytes(true);
const BOTH = [LITTLE, BIG];

interface Read {
  packets: Kept[];
  reader: CaptureReader;
  rejected: string | undefined;
}

function read(capture: Buffer, sizes: readonly number[] = [capture.length || 1]): Read {
  const packets: Kept[] = [];
  const reader = new CaptureReader((packet) => packets.push(kept(packet)));
  let rejected: string | undefined;
  try {
    for (let at = 0, turn = 0; at < capture.length; turn++) {
      const size = sizes[turn % sizes.length] as number;
      reader.push(capture.subarray(at, at + size));
      at += size;
    }
    reader.end();
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    rejected = error.message;
  }
  return { packets, reader, rejected };
}

const times = ({ packets }: Read) => packets.map(({ time }) => time);

describe("capture: pcap", () => {
  it("reads micro- and nanoseconds in both byte orders", () => {
    for (const bytes of BOTH) {
      const micro = [bytes.pcapHeader(MICRO), bytes.pcapRecord(1_700_000_000, 250_001, UDP, 60)];
      const result = read(Buffer.concat([...micro, bytes.pcapRecord(0xfffffffe, 999_999, UDP)]));
      assert.deepEqual(times(result), [1_700_000_000 + 250_001 / 1e6, 0xfffffffe + 0.999999]);
      assert.deepEqual(
        result.packets.map(({ wireLength, payload }) => [wireLength, payload]),
        [
          [60, "abcd"],
          [30, "abcd"],
        ],
      );
      const nano = Buffer.concat([bytes.pcapHeader(NANO), bytes.pcapRecord(5, 999_999_999, UDP)]);
      assert.deepEqual(times(read(nano)), [5 + 999_999_999 / 1e9]);
    }
  });

  it("reads what the writer wrote", () => {
    const frames = [
      { time: 1_700_000_000.000001, bytes: UDP },
      { time: 1_700_000_001.999999, bytes: UDP.subarray(0, 28), wireLength: 30 },
    ];
    const result = read(writePcap(frames, 101));
    assert.deepEqual(
      result.packets.map(({ time, payload, payloadLength }) => [time, payload, payloadLength]),
      [
        [1_700_000_000.000001, "abcd", 2],
        [1_700_000_001.999999, "", 2],
      ],
    );
    assert.equal(result.reader.counters.bytes, 60);
  });

  it("ignores the bits beside the link type, and says which link types it does not read", () => {
    const frameCheck = Buffer.concat([LITTLE.pcapHeader(MICRO, 0x44000065), LITTLE.pcapRecord(1, 0, UDP)]);
    assert.equal(read(frameCheck).packets.length, 1);
    assert.match(read(LITTLE.pcapHeader(MICRO, 105)).rejected ?? "", /FORMAT: link type 105 is not read; Ethernet/);
  });

  it("says why nothing more can be read, after delivering what came before", () => {
    const good = Buffer.concat([LITTLE.pcapHeader(MICRO), LITTLE.pcapRecord(1, 0, UDP)]);
    const damaged = read(Buffer.concat([good, hex("00000000 00000000 ffffff7f 00000000"), good]));
    assert.equal(damaged.packets.length, 1);
    assert.equal(damaged.rejected, "FORMAT: damaged capture: a packet of 2147483647 bytes, more than there can be");
    assert.equal(read(Buffer.alloc(0)).rejected, "FORMAT: empty capture");
    assert.equal(read(hex("d4c3")).rejected, "FORMAT: not a capture: too short for one");
    assert.equal(read(Buffer.from("GET / HTTP/1.1")).rejected, "FORMAT: not a capture: neither pcap nor pcapng");
    const old = Buffer.from(good);
    old[4] = 1;
    assert.equal(read(old).rejected, "FORMAT: pcap format of version 1 is not read, only version 2");
  });

  it("notices that a capture was cut short, wherever it was", () => {
    const whole = Buffer.concat([LITTLE.pcapHeader(MICRO), LITTLE.pcapRecord(1, 0, UDP), LITTLE.pcapRecord(2, 0, UDP)]);
    for (let length = 4; length <= whole.length; length++) {
      const { packets, reader, rejected } = read(whole.subarray(0, length));
      const atBoundary = length === 24 || length === 70 || length === 116;
      assert.deepEqual([rejected, reader.counters.cutShort], [undefined, !atBoundary], String(length));
      assert.equal(packets.length, length < 70 ? 0 : length < 116 ? 1 : 2);
    }
  });
});

describe("capture: pcapng", () => {
  const nano = (bytes: Bytes) => bytes.option(9, hex("09"));

  it("reads interfaces of different link types and resolutions in both byte orders", () => {
    for (const bytes of BOTH) {
      const binary = bytes.option(9, hex("94"));
      const shifted = [
        bytes.option(2, Buffer.from("eth0")),
        bytes.option(14, bytes.u64(100n)),
        bytes.option(0, hex("")),
      ];
      const result = read(
        Buffer.concat([
          bytes.section(),
          bytes.interface(101),
          bytes.interface(228, [nano(bytes)]),
          bytes.interface(101, [binary]),
          bytes.interface(101, shifted),
          bytes.interface(147),
          bytes.enhanced(0, 1_700_000_000_250_001n, UDP, 80),
          bytes.enhanced(1, 1_700_000_000_123_456_789n, UDP),
          bytes.enhanced(2, (7n << 20n) + 1n, UDP),
          bytes.enhanced(3, 5_500_000n, UDP),
          bytes.enhanced(4, 0n, UDP),
        ]),
      );
      const expected = [1_700_000_000 + 250_001 / 1e6, 1_700_000_000 + 123_456_789 / 1e9, 7 + 2 ** -20, 105.5];
      assert.deepEqual(times(result), expected);
      assert.equal(result.packets[0]?.wireLength, 80);
      assert.deepEqual(result.reader.counters.malformed, { "link type that is not read": 1 });
      assert.equal(result.rejected, undefined);
    }
  });

  it("begins anew with each section, of whatever byte order", () => {
    const part = (bytes: Bytes, ticks: bigint) =>
      Buffer.concat([bytes.section(), bytes.interface(101), bytes.enhanced(0, ticks, UDP)]);
    const result = read(Buffer.concat([part(LITTLE, 1_000_000n), part(BIG, 2_000_000n), BIG.section()]));
    assert.deepEqual(times(result), [1, 2]);
    const orphan = read(Buffer.concat([part(LITTLE, 1n), BIG.section(), BIG.enhanced(0, 1n, UDP)]));
    assert.equal(orphan.packets.length, 1);
    assert.match(orphan.rejected ?? "", /an interface that is not described/);
  });

  it("reads simple and obsolete packet blocks and skips those it does not know, however long", () => {
    const { u16, u32 } = { u16: (n: number) => LITTLE.u16(n), u32: (n: number) => LITTLE.u32(n) };
    const simple = LITTLE.block(3, Buffer.concat([u32(30), UDP]));
    const time = [u32(0), u32(3_000_000)];
    const obsolete = LITTLE.block(2, Buffer.concat([u16(0), u16(7), ...time, u32(30), u32(30), UDP]));
    const capture = [LITTLE.section(), LITTLE.interface(101, [], 28), LITTLE.block(4, Buffer.alloc(500_000)), obsolete];
    const result = read(Buffer.concat([...capture, LITTLE.block(0xbad, Buffer.alloc(0)), simple]));
    assert.deepEqual(
      result.packets.map((packet) => [packet.time, packet.payload, packet.payloadLength]),
      [
        [3, "abcd", 2],
        [3, "", 2],
      ],
    );
  });

  it("adds up drops of the statistics blocks, which count from the start of the capture", () => {
    for (const bytes of BOTH) {
      const drops = (id: number, byInterface: bigint, bySystem: bigint) =>
        bytes.statistics(id, [bytes.option(5, bytes.u64(byInterface)), bytes.option(7, bytes.u64(bySystem))]);
      const start = Buffer.concat([bytes.section(), bytes.interface(101), bytes.interface(101)]);
      assert.equal(read(Buffer.concat([start, bytes.statistics(0, [])])).reader.counters.dropped, null);
      const capture = Buffer.concat([start, drops(0, 3n, 1n), drops(1, 0n, 2n), drops(0, 5n, 4n)]);
      assert.equal(read(capture).reader.counters.dropped, 11);
    }
  });

  it("says why nothing more can be read", () => {
    const start = Buffer.concat([LITTLE.section(), LITTLE.interface(101), LITTLE.enhanced(0, 1n, UDP)]);
    const cases: [Buffer, RegExp][] = [
      [Buffer.concat([LITTLE.u32(6), LITTLE.u32(8), LITTLE.u32(0)]), /a block of 8 bytes, which cannot be/],
      [Buffer.concat([LITTLE.u32(99), LITTLE.u32(33), LITTLE.u32(0)]), /a block of 33 bytes, which cannot be/],
      [Buffer.concat([LITTLE.u32(6), LITTLE.u32(0x7ffffffc), LITTLE.u32(0)]), /more than there can be/],
      [LITTLE.block(6, Buffer.alloc(16)), /a block of type 6 without its fixed part/],
      [LITTLE.block(6, Buffer.concat([Buffer.alloc(12), LITTLE.u32(5), Buffer.alloc(8)])), /longer than its block/],
      [LITTLE.block(0x0a0d0d0a, Buffer.alloc(16)), /a section without byte-order magic/],
      [Buffer.concat(Array(4097).fill(LITTLE.interface(1))), /more than 4096 interfaces/],
    ];
    for (const [bytes, reason] of cases) {
      const { packets, rejected } = read(Buffer.concat([start, bytes]));
      assert.match(rejected ?? "", reason);
      assert.equal(packets.length, 1);
    }
    const future = Buffer.from(LITTLE.section());
    future[12] = 2;
    assert.match(read(future).rejected ?? "", /pcapng format of version 2 is not read/);
  });

  it("computes seconds of any resolution as exact division does", () => {
    const resolution = fc.oneof(
      fc.nat(19).map((n) => 10 ** n),
      fc.nat(63).map((n) => 2 ** n),
    );
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.nat(0xffffffff), resolution, (high, low, unit) => {
        const ticks = (BigInt(high) << 32n) | BigInt(low);
        const exact = Number(ticks / BigInt(unit)) + Number(ticks % BigInt(unit)) / unit;
        assert.equal(secondsOf(high, low, unit), exact);
      }),
      { seed: 6, numRuns: 2000 },
    );
    assert.ok(Number.isFinite(secondsOf(0xffffffff, 0xffffffff, 10 ** 127)));
  });
});

describe("capture: bytes that arrive in pieces", () => {
  it("reads the same whatever the pieces are", () => {
    const frames = Array.from({ length: 20 }, (_, i) => Buffer.concat([UDP, Buffer.alloc(i * 10)]));
    const pcap = writePcap(
      frames.map((bytes, i) => ({ time: i, bytes })),
      101,
    );
    const blocks = frames.map((bytes, i) => BIG.enhanced(0, BigInt(i) * 1_000_000n, bytes));
    const unknown = BIG.block(4, Buffer.alloc(300));
    const pcapng = Buffer.concat([BIG.section(), BIG.interface(101), ...blocks, unknown, unknown, ...blocks]);
    const whole = { pcap: read(pcap).packets, pcapng: read(pcapng).packets };
    assert.deepEqual([whole.pcap.length, whole.pcapng.length], [20, 40]);
    const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(sizes, (pieces) => {
        const results = [read(pcap, pieces), read(pcapng, pieces)];
        assert.deepEqual(results[0]?.packets, whole.pcap);
        assert.deepEqual(results[1]?.packets, whole.pcapng);
        for (const { reader } of results) assert.equal(reader.counters.cutShort, false);
      }),
      { seed: 6, numRuns: 40, examples: [[[1]]] },
    );
  });
});
