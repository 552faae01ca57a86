import assert from "node:assert/strict";
import { SocketAddress } from "node:net";
import fc from "fast-check";
import { AddressCache } from "../../../../lib/network/capture/address-cache.js";
import { ipv6Text } from "../../../../lib/network/capture/address-text.js";

describe("capture: addresses", () => {
  it("writes IPv6 addresses as Node does", () => {
    const group = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(0xffff), fc.constantFrom(1, 0xffff));
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const bytes = Buffer.alloc(16);
        groups.forEach((value, i) => void bytes.writeUInt16BE(value, 2 * i));
        const address = groups.map((value) => value.toString(16)).join(":");
        assert.equal(ipv6Text(bytes, 0), new SocketAddress({ address, family: "ipv6" }).address);
      }),
      { seed: 6, numRuns: 2000 },
    );
  });

  it("gives each address its own text, also when far more come than it has room for", () => {
    const cache = new AddressCache();
    const bytes = Buffer.alloc(16);
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 70_000; i++) {
        bytes.writeUInt32BE(Math.imul(i, 0x01000193) >>> 0, 0);
        bytes.writeUInt16BE(i & 0xffff, 4);
        if (cache.ipv4(bytes, 0) !== [...bytes.subarray(0, 4)].join(".")) assert.fail(`IPv4 ${i}`);
        if (i % 8 === 0 && cache.mac(bytes, 0).replaceAll(":", "") !== bytes.toString("hex", 0, 6))
          assert.fail(`MAC ${i}`);
        if (i % 4 === 0 && cache.ipv6(bytes, 0) !== ipv6Text(bytes, 0)) assert.fail(`IPv6 ${i}`);
      }
    }
    for (const zero of [Buffer.alloc(16)]) {
      assert.deepEqual(
        [cache.ipv4(zero, 0), cache.ipv6(zero, 0), cache.mac(zero, 0)],
        ["0.0.0.0", "::", "00:00:00:00:00:00"],
      );
    }
  });
});
