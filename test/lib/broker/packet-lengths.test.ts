import assert from "node:assert/strict";
import fc from "fast-check";
import { PacketLengthScanner } from "../../../lib/broker/packet-lengths.js";
import { lengthBytes, packet } from "../../support/mqtt-bytes.js";

const LIMIT = 1000;

describe("Packet length scanner", () => {
  it("accepts a stream of packets within the limit however it is cut, and finds the first that is beyond", () => {
    const sizes = fc.array(fc.integer({ min: 0, max: LIMIT }), { maxLength: 6 });
    const cuts = fc.array(fc.nat(5000), { maxLength: 8 });
    fc.assert(
      fc.property(sizes, cuts, fc.integer({ min: LIMIT + 1, max: 268_435_455 }), (bodies, positions, tooLarge) => {
        const stream = Buffer.concat(bodies.map((size) => packet(0x30, Buffer.alloc(size, 0xff))));
        const scanner = new PacketLengthScanner(LIMIT);
        const edges = [0, ...positions.map((p) => Math.min(p, stream.length)).sort((a, b) => a - b), stream.length];
        for (let i = 1; i < edges.length; i++) {
          assert.equal(scanner.scan(stream.subarray(edges[i - 1], edges[i])), "ok");
        }
        const header = Buffer.concat([Buffer.from([0x30]), lengthBytes(tooLarge)]);
        const results = [...header].map((byte) => scanner.scan(Buffer.from([byte])));
        assert.ok(results.includes("too-large"), "known from the header alone");
      }),
      { seed: 20_260_131, numRuns: 500 },
    );
  });

  it("calls a length of five bytes malformed", () => {
    const scanner = new PacketLengthScanner(LIMIT);
    assert.equal(scanner.scan(Buffer.from([0x30, 0x80, 0x80, 0x80, 0x80])), "malformed");
  });
});
