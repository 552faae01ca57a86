import assert from "node:assert/strict";
import fc from "fast-check";
import { PACKET, PacketReader, payloadOf, publishPacket } from "../../bench/harness/mqtt-packets.js";

describe("the driver's MQTT packets", () => {
  it("come back out of a stream however it is cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 20 }),
        (payloads, cuts) => {
          const stream = Buffer.concat(payloads.map((payload) => publishPacket("a/topic", payload)));
          const reader = new PacketReader();
          const seen: Buffer[] = [];
          for (let at = 0, i = 0; at < stream.length; i++) {
            const length = cuts[i % cuts.length] as number;
            for (const { type, body } of reader.read(stream.subarray(at, at + length))) {
              assert.equal(type, PACKET.PUBLISH);
              seen.push(Buffer.from(payloadOf(body)));
            }
            at += length;
          }
          assert.deepEqual(
            seen,
            payloads.map((payload) => Buffer.from(payload)),
          );
        },
      ),
      { seed: 1 },
    );
  });

  it("with a length that MQTT does not allow are refused", () => {
    assert.throws(() => [...new PacketReader().read(Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0x01]))], RangeError);
  });
});
