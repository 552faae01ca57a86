import assert from "node:assert/strict";
import fc from "fast-check";
import type { FlowRecord } from "../../../../lib/common/network.js";
import { FlowTable } from "../../../../lib/network/flow/flow-table.js";
import { type Packet, PROTOCOL } from "../../../../lib/network/packet.js";
import { brokenIdentities } from "../../../support/flow-identities.js";
import { meter, named, packet } from "./packets.js";

const SEED = 20261121;
const HOSTS = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "fe80::1"];

const anyPacket: fc.Arbitrary<Partial<Packet>> = fc.record({
  source: fc.constantFrom(...HOSTS),
  destination: fc.constantFrom(...HOSTS),
  sourcePort: fc.constantFrom(0, 8, 80, 1883, 40000),
  destinationPort: fc.constantFrom(0, 8, 80, 1883, 40000),
  protocol: fc.constantFrom(PROTOCOL.TCP, PROTOCOL.TCP, PROTOCOL.UDP, PROTOCOL.ICMP, PROTOCOL.ICMPV6),
  flags: fc.integer({ min: 0, max: 255 }),
  sequence: fc.constantFrom(0, 1, 2, 0xffffffff),
  acknowledgement: fc.constantFrom(0, 1, 2, 0xffffffff),
  window: fc.integer({ min: 0, max: 65535 }),
  headerLength: fc.constantFrom(20, 32, 60),
  payloadLength: fc.constantFrom(0, 0, 1, 33, 1460),
});

/** Packets with steps of time between them, mostly small, some over a time-out, some back. */
const traffic: fc.Arbitrary<Packet[]> = fc
  .array(
    fc.tuple(
      anyPacket,
      fc.oneof(
        { weight: 8, arbitrary: fc.double({ min: 0, max: 2, noNaN: true }) },
        { weight: 1, arbitrary: fc.constantFrom(5, 60, 300, 1e6, -0.5, -5, -100, -1e9) },
      ),
    ),
    { maxLength: 120 },
  )
  .map((steps) => {
    let time = 1.7e9;
    return steps.map(([fields, step]) => {
      time = Math.max(0, time + step);
      const header = fields.protocol === PROTOCOL.TCP ? {} : { flags: 0, window: 0, headerLength: 8 };
      return packet({ ...fields, ...header, time });
    });
  });

function isTold({ protocol, flags }: Packet, bit: number): boolean {
  return protocol === PROTOCOL.TCP && (flags & bit) !== 0;
}

describe("flow table, whatever the packets are", () => {
  it("each packet is in exactly one flow, each flow has one record, and the identities hold", () => {
    fc.assert(
      fc.property(traffic, fc.integer({ min: 1, max: 6 }), (packets, maxFlows) => {
        const records: FlowRecord[] = [];
        const table = new FlowTable((record) => records.push(record), { maxFlows });
        for (const each of packets) {
          table.packet(each);
          assert.ok(table.active <= maxFlows);
        }
        table.end();
        assert.equal(table.active, 0);
        const final = records.filter(({ end }) => end !== "interim");
        assert.equal(new Set(final.map(({ id }) => id)).size, final.length);
        assert.equal(final.length, table.started);
        assert.equal(final.filter(({ end }) => end === "evicted").length, table.evicted);
        const total = (of: (columns: ReturnType<typeof named>) => number) =>
          final.reduce((sum, record) => sum + of(named(record)), 0);
        const expected = (of: (each: Packet) => number) => packets.reduce((sum, each) => sum + of(each), 0);
        assert.equal(
          total((c) => c.fwd_pkts_tot + c.bwd_pkts_tot),
          packets.length,
        );
        assert.equal(
          total((c) => c["flow_pkts_payload.tot"]),
          expected((each) => each.payloadLength),
        );
        assert.equal(
          total((c) => c.fwd_header_size_tot + c.bwd_header_size_tot),
          expected((each) => each.headerLength),
        );
        assert.equal(
          total((c) => c.flow_SYN_flag_count),
          expected((each) => (isTold(each, 2) ? 1 : 0)),
        );
        assert.equal(
          total((c) => c.flow_CWR_flag_count),
          expected((each) => (isTold(each, 64) ? 1 : 0)),
        );
        for (const record of records) {
          assert.ok(
            record.features.every((value) => Number.isFinite(value) && value >= 0),
            JSON.stringify(record),
          );
          assert.deepEqual(brokenIdentities(record), []);
        }
      }),
      { seed: SEED, numRuns: 400 },
    );
  });

  it("deviations are those of the two-pass formula, to 1e-9", () => {
    const values = fc.array(fc.integer({ min: 0, max: 65_000 }), { minLength: 2, maxLength: 300 });
    const pauses = fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { minLength: 300, maxLength: 300 });
    const twoPass = (list: number[]) => {
      const mean = list.reduce((sum, value) => sum + value, 0) / list.length;
      return Math.sqrt(list.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (list.length - 1));
    };
    fc.assert(
      fc.property(values, pauses, (payloads, steps) => {
        let time = 1.7e9;
        const packets = payloads.map((payloadLength, index) => {
          time += steps[index] ?? 0;
          const forward = index % 3 !== 0;
          const ends = forward
            ? {}
            : { source: "10.0.0.1", destination: "10.0.0.2", sourcePort: 9000, destinationPort: 40000 };
          return packet({ ...ends, protocol: PROTOCOL.UDP, headerLength: 8, time, payloadLength });
        });
        const record = named(meter(packets, { interim: 0 })[0]);
        const times = packets.slice(1).map((each, index) => (each.time - (packets[index]?.time ?? 0)) * 1e6);
        const near = (actual: number, expected: number) =>
          assert.ok(Math.abs(actual - expected) <= 1e-9 * Math.max(1, expected), `${actual} ${expected}`);
        near(record["flow_pkts_payload.std"], twoPass(payloads));
        if (times.length > 1) near(record["flow_iat.std"], twoPass(times));
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  it("large, nearly equal values keep their deviation", () => {
    const packets = Array.from({ length: 50_000 }, (_, index) =>
      packet({
        protocol: PROTOCOL.UDP,
        headerLength: 8,
        time: index / 1024,
        payloadLength: index === 7 ? 64_999 : 65_000,
      }),
    );
    const record = named(meter(packets, { interim: 0 })[0]);
    assert.ok(Math.abs(record["fwd_pkts_payload.std"] / Math.sqrt(1 / 50_000) - 1) < 1e-9);
    assert.equal(record["fwd_iat.std"], 0);
  });
});
