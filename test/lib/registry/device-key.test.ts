import assert from "node:assert/strict";
import { deviceKey } from "../../../lib/registry/device-key.js";

const FLEET_KEY = Buffer.from("7d1e93b2c04f5a6688e1f20b3c9d4a57616f0c85d2b7e93a4118f6ad5c02be39", "hex");

/** Computed with `openssl kdf … HKDF` (OpenSSL 3) and with Python's hmac. */
const VECTORS = [
  ["aes-gcm-json", "greenhouse-1", "f17f22c08446c46280ea8eb85dc894f51be810258bf632e78c2a621520d88d31"],
  ["aes-gcm-json", "a", "2081b8496a81b32d2d0a11d08a3da32bd4ac6a91e831b67b4a5c4867c3ba608e"],
  ["fernet", "greenhouse-1", "e5b6b5c15ca48dde882f74c8b7a8d4a66c870595b149c2809ee2207e8c44b042"],
  ["fernet", "a", "f8de48c685c876bc555227d10fe2cf67dae3d5cb7877d8c1a8b3fedf36c40b15"],
] as const;

describe("deviceKey", () => {
  it("is HKDF-SHA256 as other implementations compute it", () => {
    for (const [profile, id, key] of VECTORS) assert.equal(deviceKey(FLEET_KEY, profile, id).toString("hex"), key);
  });

  it("is there only for a device with a key", () => {
    assert.throws(() => deviceKey(FLEET_KEY, "plain-json", "a"), TypeError);
    assert.throws(() => deviceKey(FLEET_KEY.subarray(1), "fernet", "a"), /32 bytes/);
    for (const id of ["", "a/b", "__proto__", "a b", "x".repeat(65)]) {
      assert.throws(() => deviceKey(FLEET_KEY, "fernet", id), /identifier/);
    }
  });
});
