import assert from "node:assert/strict";
import fc from "fast-check";
import { CaptureCounters } from "../../../../lib/network/capture/counters.js";
import { type Fragment, FragmentStore } from "../../../../lib/network/capture/fragments.js";
import { decodeAll, hex } from "./frames.js";

const SYN = "9c40 075b 00000001 00000000 50 02 0400 0000 0000 61626364";

/** An IPv4 fragment of `body` from `offset` on. */
function fragment4(body: Buffer, offset: number, length: number, id = "0007"): Buffer {
  const last = offset + length >= body.length;
  const field = ((last ? 0 : 0x2000) | (offset / 8)).toString(16).padStart(4, "0");
  const total = (20 + Math.min(length, body.length - offset)).toString(16).padStart(4, "0");
  const header = hex(`4500 ${total} ${id} ${field} 40 06 0000 0a4d0009 0a4d0001`);
  return Buffer.concat([header, body.subarray(offset, offset + length)]);
}

function fragment6(next: string, body: Buffer, offset: number, more: 0 | 1): Buffer {
  const length = (8 + body.length).toString(16).padStart(4, "0");
  const field = (offset | more).toString(16).padStart(4, "0");
  const ends = "fe800000000000000000000000000001 fe800000000000000000000000000002";
  return Buffer.concat([hex(`60000000 ${length} 2c 40`, ends, `${next}00 ${field} 00000001`), body]);
}

describe("capture: fragments", () => {
  it("sees a SYN that comes in pieces, in any order", () => {
    const body = hex(SYN);
    const pieces = [0, 8, 16].map((offset) => fragment4(body, offset, 8));
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
    ]) {
      const { packets, counters } = decodeAll(
        101,
        order.map((i) => pieces[i] as Buffer),
      );
      assert.deepEqual(
        packets.map(({ fragment, flags, sourcePort }) => [fragment, flags, sourcePort]),
        [
          [true, 0, 0],
          [true, 0, 0],
          [false, 2, 40_000],
        ],
      );
      const last = packets.at(-1);
      assert.deepEqual([last?.payload, last?.payloadLength, last?.headerLength], ["61626364", 4, 20]);
      assert.deepEqual(counters.fragments, { reassembled: 1, overlaps: 0, timedOut: 0, evicted: 0 });
    }
  });

  it("keeps datagrams of different numbers and protocols apart", () => {
    const body = hex(SYN);
    const { packets, counters } = decodeAll(101, [
      fragment4(body, 0, 16, "0001"),
      fragment4(body, 16, 8, "0002"),
      fragment4(body, 16, 8, "0001"),
    ]);
    assert.deepEqual(
      packets.map(({ flags }) => flags),
      [0, 0, 2],
    );
    assert.equal(counters.fragments.reassembled, 1);
  });

  it("reassembles IPv6 and reads extension headers inside; refuses fragments of fragments", () => {
    const inner = Buffer.concat([hex("0600 010400000000"), hex(SYN)]);
    const { packets } = decodeAll(229, [
      fragment6("3c", inner.subarray(0, 16), 0, 1),
      fragment6("3c", inner.subarray(16), 16, 0),
    ]);
    const last = packets.at(-1);
    assert.deepEqual([last?.flags, last?.protocol, last?.payloadLength, last?.payload], [2, 6, 8 + 4, "61626364"]);
    const nested = Buffer.concat([hex("0600 0001 00000009"), Buffer.alloc(8)]);
    const { counters } = decodeAll(229, [
      fragment6("2c", nested.subarray(0, 8), 0, 1),
      fragment6("2c", nested.subarray(8), 8, 0),
    ]);
    assert.deepEqual(counters.malformed, { "fragment within a fragment": 1 });
  });

  it("keeps the first of bytes that come twice, and counts that they did", () => {
    const body = hex(SYN);
    const forged = Buffer.from(body);
    forged[13] = 0x10;
    const { packets, counters } = decodeAll(101, [
      fragment4(body, 8, 8),
      fragment4(forged, 0, 16),
      fragment4(body, 16, 8),
    ]);
    assert.equal(packets.at(-1)?.flags, 2);
    assert.equal(counters.fragments.overlaps, 1);
  });

  it("knows what the snap length left out", () => {
    const body = Buffer.concat([hex(SYN), Buffer.alloc(36, 0x66)]);
    const first = fragment4(body, 0, 32);
    const { packets } = decodeAll(101, [
      { bytes: first.subarray(0, 20 + 22), wireLength: first.length },
      fragment4(body, 32, 32),
    ]);
    const last = packets.at(-1);
    assert.deepEqual([last?.flags, last?.payloadLength, last?.payload], [2, 40, "6162"]);
  });

  it("counts fragments that cannot be", () => {
    const body = Buffer.alloc(64);
    const header = (total: string, field: string) => hex(`4500 ${total} 0001 ${field} 40 06 0000 0a4d0009 0a4d0001`);
    const { counters } = decodeAll(101, [
      header("0014", "2000"),
      Buffer.concat([header("0017", "2000"), Buffer.alloc(3)]),
      Buffer.concat([header("0024", "1fff"), Buffer.alloc(16)]),
      fragment4(body, 0, 24, "0002"),
      fragment4(body.subarray(0, 16), 8, 8, "0002"),
    ]);
    assert.deepEqual(counters.malformed, {
      "empty fragment": 1,
      "fragment of a length that is no multiple of 8": 1,
      "fragment beyond 65,535 bytes": 1,
      "fragments that disagree about their end": 1,
    });
  });

  it("puts any cut of any datagram together, whatever the order and the repetitions", () => {
    const cut = fc.record({ offset: fc.nat(63), length: fc.integer({ min: 1, max: 20 }) });
    fc.assert(
      fc.property(fc.array(cut, { maxLength: 40 }), fc.integer({ min: 500, max: 512 }), (cuts, total) => {
        const body = Buffer.from(Array.from({ length: total }, (_, i) => (i * 7) & 255));
        const store = new FragmentStore(new CaptureCounters().fragments);
        const all = [...cuts, ...Array.from({ length: 64 }, (_, offset) => ({ offset, length: 1 }))];
        let whole: Buffer | undefined;
        for (const { offset, length } of all) {
          const start = offset * 8;
          if (start >= total || whole) continue;
          const end = Math.min(start + length * 8, total);
          const datagram = store.add({
            ...{ key: "a", time: 0, offset: start, more: end < total, protocol: 6, bytes: body },
            ...{ start, end, length: end - start },
          });
          assert.notEqual(typeof datagram, "string");
          if (typeof datagram === "object") whole = datagram.bytes.subarray(0, datagram.total);
        }
        assert.deepEqual(whole, body);
      }),
      { seed: 6, numRuns: 300 },
    );
  });

  it("holds a bounded amount, and gives up what waited too long, whichever way the clock goes", () => {
    const { fragments } = new CaptureCounters();
    const store = new FragmentStore(fragments);
    const bytes = Buffer.alloc(1400);
    const add = (key: string, time: number, offset: number, more = true): ReturnType<FragmentStore["add"]> => {
      const fragment: Fragment = { key, time, offset, more, protocol: 6, bytes, start: 0, end: 1400, length: 1400 };
      return store.add(fragment);
    };
    for (let i = 0; i < 5000; i++) add(`small ${i}`, 0, 0);
    assert.equal(fragments.evicted, 5000 - 1024);
    for (let i = 0; i < 5000; i++) add(`large ${i}`, 0, 64_000);
    assert.ok(fragments.evicted > 9800 && fragments.evicted < 10_000, String(fragments.evicted));
    add("later", 1000, 0);
    const { timedOut } = fragments;
    assert.equal(timedOut + fragments.evicted, 10_000);
    add("before", -1000, 0);
    assert.equal(fragments.timedOut, timedOut + 1);
    assert.equal(typeof add("before", -1000, 1400, false), "object");
    for (let i = 0; i < 300; i++) {
      store.add({
        key: "holes",
        time: -1000,
        offset: i * 16,
        more: true,
        protocol: 6,
        bytes,
        start: 0,
        end: 8,
        length: 8,
      });
    }
    assert.equal(timedOut + 1 + fragments.evicted, 10_002);
  });
});
