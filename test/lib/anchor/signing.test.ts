import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKeystore } from "../../../lib/anchor/keystore.js";
import { refuseKnownAccount } from "../../../lib/anchor/known-accounts.js";
import { loadEthers } from "../../../lib/anchor/load-ethers.js";
import { reasonOf } from "../../../lib/anchor/provider.js";
import { openSigner } from "../../../lib/anchor/signer.js";

const PASSPHRASE = "correct horse battery";

describe("anchor keys", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-keystore-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("are made in a V3 keystore file that only its owner reads, and opened from it", async () => {
    const path = join(folder, "writer.json");
    const address = await createKeystore(path, PASSPHRASE);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const text = readFileSync(path, "utf8");
    assert.equal((JSON.parse(text) as { version: number }).version, 3);
    const ethers = await loadEthers();
    const provider = new ethers.JsonRpcProvider("http://127.0.0.1:9", undefined, {
      staticNetwork: new ethers.Network("test", 1),
    });
    try {
      const settings = { kind: "keystore", path, passphrase: PASSPHRASE } as const;
      assert.equal((await openSigner(ethers, provider, settings)).address, address);
      const refused = async (change: object, pattern: RegExp) =>
        assert.rejects(openSigner(ethers, provider, { ...settings, ...change }), pattern);
      await refused({ passphrase: "wrong" }, /does not open it/);
      await refused({ path: join(folder, "missing.json") }, /ENOENT/);
      chmodSync(path, 0o644);
      await refused({}, /chmod 600/);
    } finally {
      provider.destroy();
    }
    await assert.rejects(createKeystore(path, PASSPHRASE), /exists/);
    await assert.rejects(createKeystore(join(folder, "short.json"), "short"), /fewer than 12/);
  });

  it("of test programs are refused on every other chain", async () => {
    const ethers = await loadEthers();
    const known = [
      "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
      "0xa0ee7a142d267c1f36714e4a8f75612f20a79720",
      // ganache --deterministic
      "0x90F8bf6A479f320ead074411a4B0e7944Ea8c9C1",
    ];
    for (const address of known) {
      assert.throws(() => refuseKnownAccount(ethers, address, 1), /whose key everybody knows; on chain 1 /);
      for (const chainId of [31_337, 1337]) refuseKnownAccount(ethers, address, chainId);
    }
    refuseKnownAccount(ethers, `0x${"12".repeat(20)}`, 1);
  });

  it("of nodes' URLs do not get into what is told", () => {
    const error = Object.assign(new Error("server response 401 https://node.example/v3/secret (…)"), {});
    assert.doesNotMatch(reasonOf(error), /secret/);
    assert.match(reasonOf(Object.assign(new Error("long"), { code: "BAD_DATA" })), /no RedoubtAnchor contract/);
  });
});
