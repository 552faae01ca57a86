import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AnchorConflict, Anchorer, type AnchorerOptions } from "../../lib/anchor/anchorer.js";
import { ChainReader } from "../../lib/anchor/chain-reader.js";
import { deviceIdOf, laneOf } from "../../lib/anchor/identity.js";
import { createKeystore } from "../../lib/anchor/keystore.js";
import { loadEthers } from "../../lib/anchor/load-ethers.js";
import { AnchorOwner } from "../../lib/anchor/owner.js";
import { connectProvider } from "../../lib/anchor/provider.js";
import type { TrustCut } from "../../lib/anchor/settle.js";
import type { SignerSettings } from "../../lib/anchor/signer.js";
import { openSigner } from "../../lib/anchor/signer.js";
import { Transactor } from "../../lib/anchor/transactor.js";
import type { LedgerEvent } from "../../lib/common/ledger-event.js";
import type { Ledger } from "../../lib/ledger/ledger.js";
import { REDUCED_ROLLBACK } from "../drills/chain-rollback.js";
import { requireOnMachine } from "../setup.js";
import { ANVIL_ACCOUNT, Anvil, anvilBinary } from "../support/anvil.js";
import { rollbackDrill } from "../support/chain-rollback.js";
import { eventsTo, LedgerFolder, ORIGIN, rulesEvent } from "../support/ledgers.js";

const LANE = laneOf(ORIGIN);
const PASSPHRASE = "a passphrase of tests";
const MISSING = "anvil (npm fetches it for linux/x64; needs the registry)";

const alert = (device: string, at = Date.now()): LedgerEvent => ({
  kind: "alert",
  at,
  evidence: [{ device, event: "SECURITY_ALERT", authenticated: true }],
});

describe("anchor on a real chain", function () {
  this.timeout(300_000);
  let anvil: Anvil;
  let folder: LedgerFolder;
  let files: string;
  let contract: string;
  let keystore: SignerSettings;
  let ledger: Ledger;
  const opened: { close(): void }[] = [];

  before(async function () {
    const binary = anvilBinary();
    requireOnMachine(this, binary !== undefined, MISSING);
    anvil = await Anvil.on(binary as string);
    files = mkdtempSync(join(tmpdir(), "redoubt-anchor-"));
    const path = join(files, "writer.json");
    const writer = await createKeystore(path, PASSPHRASE);
    keystore = { kind: "keystore", path, passphrase: PASSPHRASE };
    await anvil.start();
    await anvil.rpc("anvil_setBalance", writer, "0x3635c9adc5dea00000");
  });
  after(async () => {
    await anvil?.end("SIGKILL");
    if (files) rmSync(files, { recursive: true, force: true });
  });
  beforeEach(async () => {
    folder = new LedgerFolder();
    ledger = folder.open();
    const owner = await asOwner();
    ({ contract } = await owner.deploy({ creditInterval: 50, creditBurst: 20 }));
    for (const address of [ANVIL_ACCOUNT, await writerAddress()]) {
      await owner.setWriter(contract, LANE, address, true);
    }
    for (const device of ["sensor-0", "sensor-1"]) {
      await owner.setDevice(contract, deviceIdOf(LANE, device), LANE, 100, "registered");
    }
  });
  afterEach(() => {
    for (const one of opened.splice(0)) one.close();
    folder.remove();
  });

  const remote = (): SignerSettings => ({ kind: "remote", url: anvil.url, address: ANVIL_ACCOUNT });
  const asOwner = async () => {
    const owner = await AnchorOwner.connect(anvil.url, remote());
    opened.push(owner);
    return owner;
  };
  const writerAddress = async () => {
    const owner = await AnchorOwner.connect(anvil.url, keystore);
    opened.push(owner);
    return owner.address;
  };
  const anchorer = (options: Partial<AnchorerOptions> = {}) => {
    const made = new Anchorer(ledger, { rpcUrl: anvil.url, contract, signer: keystore, lane: LANE, ...options });
    opened.push(made);
    return made;
  };
  const trustOf = async (device: string) => {
    const reader = await ChainReader.open(anvil.url, contract);
    opened.push(reader);
    const block = await reader.block("latest");
    assert.ok(block);
    return (await reader.devices([deviceIdOf(LANE, device)], block)).get(deviceIdOf(LANE, device))?.trust;
  };

  it("anchors what is new, once, and writes down what the chain has confirmed", async () => {
    ledger.append([rulesEvent, alert("sensor-0"), alert("sensor-0"), alert("sensor-1")]);
    const one = anchorer();
    assert.deepEqual(await one.step(), { logSize: 4, chainSize: 4 });
    assert.deepEqual(await one.step(), { logSize: 4, chainSize: 4 });
    assert.equal(await trustOf("sensor-0"), 60);
    assert.equal(await trustOf("sensor-1"), 80);
    const [record, ...more] = ledger.anchors();
    assert.deepEqual(more, []);
    assert.equal(record?.size, 4);
    assert.equal(record?.rootHash, ledger.rootAt(4).toString("hex"));
    assert.equal(record?.chainId, 31_337);
    // Another account of the same lane goes on, through a server that signs.
    ledger.append([alert("sensor-1")]);
    await anchorer({ signer: remote() }).step();
    assert.equal(await trustOf("sensor-1"), 60);
    assert.deepEqual(
      ledger.anchors().map(({ size }) => size),
      [4, 5],
    );
  });

  it("writes an anchor down that it sent before a crash", async () => {
    ledger.append([rulesEvent]);
    const log = Object.assign(Object.create(ledger) as Ledger, {
      recordAnchor: () => {
        throw new Error("crashed");
      },
    });
    const crashed = new Anchorer(log, { rpcUrl: anvil.url, contract, signer: keystore, lane: LANE });
    opened.push(crashed);
    await assert.rejects(crashed.step(), /crashed/);
    assert.deepEqual(ledger.anchors(), []);
    assert.deepEqual(await anchorer().step(), { logSize: 1, chainSize: 1 });
    assert.equal(ledger.anchors().length, 1);
  });

  it("waits for the block that counts before it says that something is anchored", async () => {
    ledger.append([rulesEvent]);
    const patient = anchorer({ confirmAt: "finalized" });
    assert.deepEqual(await patient.step(), { logSize: 1, chainSize: 1 });
    assert.deepEqual(ledger.anchors(), []);
    assert.deepEqual(await patient.step(), { logSize: 1, chainSize: 1 });
    await anvil.rpc("anvil_mine", "0xc8");
    await patient.step();
    assert.equal(ledger.anchors().length, 1);
  });

  it("cuts what the contract does not allow, says so in the log, and goes on", async () => {
    const cuts: TrustCut[] = [];
    const at = Date.now();
    const beat: LedgerEvent = {
      kind: "heartbeat",
      at: at + 3_600_000,
      evidence: [{ device: "sensor-0", event: "HEARTBEAT", authenticated: true }],
    };
    ledger.append([rulesEvent, alert("sensor-0", at), alert("unheard-of", at), beat]);
    const one = anchorer({ onCut: (some) => cuts.push(...some) });
    await one.step();
    assert.deepEqual(cuts, [
      { device: "sensor-0", wanted: 81, given: 80 },
      { device: "unheard-of", wanted: 80, given: null },
    ]);
    assert.equal(ledger.size, 5);
    const { kind, detail } = ledger.entry(4)?.data ?? {};
    assert.deepEqual([kind, detail?.from, detail?.to, detail?.devices], ["clamp", 0, 4, cuts]);
    await one.step();
    assert.equal(await trustOf("sensor-0"), 80);
    // The same difference is told once.
    ledger.append([alert("sensor-0", at + 3_600_000)]);
    assert.deepEqual(await one.step(), { logSize: 6, chainSize: 6 });
    assert.equal(await trustOf("sensor-0"), 60);
    assert.equal(cuts.length, 2);
  });

  it("anchors a long log in pieces", async () => {
    ledger.append(eventsTo(40));
    const one = anchorer({ limits: { devices: 2, entries: 7, incidents: 1 } });
    const sizes: number[] = [];
    for (let done = false; !done; ) {
      const { logSize, chainSize } = await one.step();
      sizes.push(chainSize);
      done = logSize === chainSize;
    }
    assert.ok(sizes.length > 6, sizes.join(" "));
    assert.deepEqual(
      ledger.anchors().map(({ size }) => size),
      [...new Set(sizes)],
    );
  });

  it("stops where the chain holds another history", async () => {
    ledger.append([rulesEvent, alert("sensor-0")]);
    await anchorer().step();
    const other = new LedgerFolder();
    try {
      ledger = other.open();
      ledger.append([rulesEvent]);
      await assert.rejects(
        anchorer().step(),
        (error) => error instanceof AnchorConflict && /holds 2 entries/.test(error.message),
      );
      ledger.append([alert("sensor-0"), alert("sensor-0")]);
      await assert.rejects(
        anchorer().step(),
        (error) => error instanceof AnchorConflict && /another root/.test(error.message),
      );
    } finally {
      for (const one of opened.splice(0)) one.close();
      other.remove();
    }
  });

  it("says what is wrong with key, contract, writer and node, never with the passphrase in it", async () => {
    ledger.append([rulesEvent]);
    const fails = async (options: Partial<AnchorerOptions>, pattern: RegExp) => {
      await assert.rejects(anchorer(options).step(), (error) => {
        assert.match(String(error), pattern);
        assert.ok(!String(error).includes("secret-words"));
        return true;
      });
    };
    await fails(
      { signer: { kind: "keystore", path: join(files, "writer.json"), passphrase: "secret-words" } },
      /does not open it/,
    );
    await fails({ contract: "0x12" }, /address is not one/);
    await fails({ contract: ANVIL_ACCOUNT }, /could not decode|BAD_DATA/);
    await fails({ lane: laneOf("another") }, /NotWriter/);
    await fails({ rpcUrl: "http://127.0.0.1:9" }, /ECONNREFUSED/);
  });

  it("replaces a transaction that nobody mines by one that pays more", async () => {
    const ethers = await loadEthers();
    const { provider, chainId } = await connectProvider(ethers, anvil.url);
    const transactor = new Transactor(provider, await openSigner(ethers, provider, keystore), chainId);
    opened.push(transactor);
    const call = { to: ANVIL_ACCOUNT, data: "0x" };
    const from = transactor.signer.address;
    const before = await provider.getTransactionCount(from, "latest");
    await anvil.rpc("evm_setAutomine", false);
    try {
      assert.equal(await transactor.send(call, 1), undefined);
      assert.equal(await transactor.send(call, 1), undefined);
      await anvil.rpc("evm_mine");
      assert.equal(await provider.getTransactionCount(from, "latest"), before + 1);
    } finally {
      await anvil.rpc("evm_setAutomine", true);
    }
    assert.equal((await transactor.send(call, 60_000))?.status, 1);
    assert.equal(await provider.getTransactionCount(from, "latest"), before + 2);
  });

  it("refuses accounts that everybody knows on any chain but a test chain", async () => {
    const real = await Anvil.on(anvilBinary() as string);
    try {
      await real.start({ chainId: 5000 });
      const settings: SignerSettings = { kind: "remote", url: real.url, address: ANVIL_ACCOUNT.toLowerCase() };
      await assert.rejects(
        AnchorOwner.connect(real.url, settings),
        /test account whose key everybody knows; on chain 5000/,
      );
    } finally {
      await real.end("SIGKILL");
    }
  });

  it("loses and doubles nothing when the chain is rolled back and the anchorer killed", async () => {
    const { rollbacks, entries, anchors } = await rollbackDrill(anvilBinary() as string, {
      ...REDUCED_ROLLBACK,
      seed: 1,
      progress: () => undefined,
    });
    assert.ok(rollbacks >= 1 && anchors >= 1 && entries > 10);
  });
});
