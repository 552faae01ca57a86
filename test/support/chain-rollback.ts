import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChainReader } from "../../lib/anchor/chain-reader.js";
import { deviceIdOf, laneOf } from "../../lib/anchor/identity.js";
import { createKeystore } from "../../lib/anchor/keystore.js";
import { AnchorOwner } from "../../lib/anchor/owner.js";
import type { LedgerEvent } from "../../lib/common/ledger-event.js";
import { SeededRandom } from "../../lib/common/seeded-random.js";
import { TRUST_EVENTS, type TrustEvent } from "../../lib/common/trust.js";
import { DEFAULT_TRUST_RULES } from "../../lib/trust/rules.js";
import { ANVIL_ACCOUNT, Anvil } from "./anvil.js";
import { chainCounts, type DeviceCounts, logCounts } from "./chain-counts.js";
import { LedgerFolder, ORIGIN } from "./ledgers.js";
import { projectRoot } from "./node-red.js";

const PASSPHRASE = "a passphrase for a drill";
const LANE = laneOf(ORIGIN);
const WRITE_MS = 100;
/** So rarely that a killed chain has always forgotten something. */
const STATE_INTERVAL_SEC = 600;

export interface RollbackOptions {
  devices: number;
  /** Each kills the chain once and the anchorer `anchorerKills` times. */
  rounds: number;
  anchorerKills: number;
  seed: number;
  progress(line: string): void;
}

export interface RollbackResult {
  entries: number;
  anchors: number;
  rollbacks: number;
  anchorerKills: number;
  alerts: number;
  credits: number;
  gas: number;
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** One event about one device, at the present time; seldom bad, so that trust goes up and down. */
function randomEvent(random: SeededRandom, devices: number): LedgerEvent {
  const device = `sensor-${Math.floor(random.uniform() * devices)}`;
  const draw = random.uniform();
  const at = Date.now();
  if (draw < 0.02) {
    return { kind: "incident", at, detail: { source: device, authenticated: draw < 0.01, score: random.uniform() } };
  }
  const event: TrustEvent = draw < 0.05 ? (TRUST_EVENTS[Math.floor(draw * 100) % 3] as TrustEvent) : "HEARTBEAT";
  const authenticated = random.uniform() < 0.9;
  return { kind: event === "HEARTBEAT" ? "heartbeat" : "alert", at, evidence: [{ device, event, authenticated }] };
}

/** The command `redoubt anchor run` in a process of its own. */
function startAnchorer(folder: string, url: string, contract: string, keystore: string): ChildProcess {
  const main = join(projectRoot, "dist", "cli", "main.js");
  const options = {
    ...{ rpc: url, contract, origin: ORIGIN, keystore, interval: "1" },
    ...{ ledger: join(folder, "ledger.db"), key: join(folder, "log.pem") },
  };
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  return spawn(process.execPath, [main, "anchor", "run", ...flags], {
    env: { ...process.env, REDOUBT_ANCHOR_PASSPHRASE: PASSPHRASE },
    stdio: process.env.DEBUG ? "inherit" : "ignore",
  });
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

/** Reads the chain's size of the lane; undefined while the chain does not answer. */
async function sizeOn(url: string, contract: string): Promise<number | undefined> {
  try {
    const reader = await ChainReader.open(url, contract);
    try {
      const block = await reader.block("latest");
      return block && (await reader.lane(LANE, block)).size;
    } finally {
      reader.close();
    }
  } catch {
    return undefined;
  }
}

async function grown(url: string, contract: string, from: number): Promise<number> {
  const deadline = performance.now() + 60_000;
  while (performance.now() < deadline) {
    const size = await sizeOn(url, contract);
    if (size !== undefined && size > from) return size;
    await wait(100);
  }
  throw new Error(`the chain's size did not grow beyond ${from}`);
}

/** A chain with the contract, all devices, and a writer; its state is on disk. */
async function prepare(anvil: Anvil, state: string, keystore: string, devices: number): Promise<string> {
  await anvil.start({ state });
  const writer = await createKeystore(keystore, PASSPHRASE);
  const owner = await AnchorOwner.connect(anvil.url, { kind: "remote", url: anvil.url, address: ANVIL_ACCOUNT });
  try {
    const { contract } = await owner.deploy({ creditInterval: 1, creditBurst: 100 });
    await owner.setWriter(contract, LANE, writer, true);
    for (let i = 0; i < devices; i++) {
      await owner.setDevice(contract, deviceIdOf(LANE, `sensor-${i}`), LANE, 100, "registered");
    }
    await anvil.rpc("anvil_setBalance", writer, "0x3635c9adc5dea00000");
    return contract;
  } finally {
    owner.close();
    await anvil.end("SIGTERM");
  }
}

/**
 * Writes a log, anchors it, kills anchorer and chain again and again, each chain with the loss of what it had not
 * saved, and compares in the end.
 *
 * @throws {AssertionError} where log and chain differ in size, root, trust, counts or incidents.
 */
export async function rollbackDrill(binary: string, options: RollbackOptions): Promise<RollbackResult> {
  const { devices, rounds, anchorerKills, progress } = options;
  const folder = new LedgerFolder();
  const chainFolder = mkdtempSync(join(tmpdir(), "redoubt-anvil-"));
  const state = join(chainFolder, "state.json");
  const keystore = join(chainFolder, "writer.json");
  const anvil = await Anvil.on(binary);
  let anchorer: ChildProcess | undefined;
  let writing: NodeJS.Timeout | undefined;
  try {
    const contract = await prepare(anvil, state, keystore, devices);
    const chainOptions = { state, stateIntervalSec: STATE_INTERVAL_SEC, blockTimeSec: 1 };
    await anvil.start(chainOptions);
    const ledger = folder.open();
    const rules = { ...DEFAULT_TRUST_RULES, recoverySec: 2 };
    ledger.append([{ kind: "rules", at: Date.now(), rules }]);
    const random = new SeededRandom(options.seed);
    writing = setInterval(() => {
      ledger.append(Array.from({ length: 1 + Math.floor(random.uniform() * 8) }, () => randomEvent(random, devices)));
    }, WRITE_MS);

    let rollbacks = 0;
    let size = 0;
    for (let round = 0; round < rounds; round++) {
      anchorer = startAnchorer(folder.path, anvil.url, contract, keystore);
      size = await grown(anvil.url, contract, size);
      for (let i = 0; i < anchorerKills; i++) {
        await wait(random.uniform() * 3000);
        await kill(anchorer);
        anchorer = startAnchorer(folder.path, anvil.url, contract, keystore);
        size = await grown(anvil.url, contract, size);
      }
      // In every other round it is saved once, so that some is lost and some not.
      if (round % 2 === 0) {
        await anvil.end("SIGTERM");
        await anvil.start(chainOptions);
        size = await grown(anvil.url, contract, size);
      }
      const { hash } = (await anvil.rpc("eth_getBlockByNumber", "latest", false)) as { hash: string };
      await anvil.end("SIGKILL");
      await wait(1000 + random.uniform() * 1000);
      await anvil.start(chainOptions);
      // The anchorer goes on at once, so that the size would soon tell nothing.
      if ((await anvil.rpc("eth_getBlockByHash", hash, false)) === null) rollbacks++;
      const now = (await sizeOn(anvil.url, contract)) ?? 0;
      progress(`round ${round + 1}: chain killed at size ${size}, back at ${now}; log ${ledger.size}`);
      size = await grown(anvil.url, contract, now);
      await kill(anchorer);
    }
    clearInterval(writing);
    anchorer = startAnchorer(folder.path, anvil.url, contract, keystore);
    ledger.refresh();
    await grown(anvil.url, contract, ledger.size - 1);
    await kill(anchorer);
    // The anchorer may have been killed before it wrote the last anchor down; the next one does.
    anchorer = startAnchorer(folder.path, anvil.url, contract, keystore);
    const deadline = performance.now() + 90_000;
    while (ledger.anchors().at(-1)?.size !== ledger.size && performance.now() < deadline) await wait(100);
    await kill(anchorer);

    assert.ok(rollbacks > 0, "no chain forgot anything: the drill shows nothing");
    const expected = logCounts(ledger.entries(0, ledger.size));
    const found = await chainCounts(anvil.url, contract, LANE, [...expected.devices.keys()], (at) =>
      ledger.rootAt(at).toString("hex"),
    );
    assert.equal(found.size, ledger.size, "size");
    assert.equal(ledger.anchors().at(-1)?.size, ledger.size, "the last size is written down as anchored");
    assert.equal(expected.clamps, 0, "an honest log is never cut");
    assert.deepEqual(found.incidents, expected.incidents, "incidents");
    for (const [device, counts] of expected.devices) {
      const score = ledger.trust(device)?.score;
      if (score === undefined) continue;
      assert.deepEqual(found.devices.get(device), { ...counts, trust: score }, device);
    }
    const sum = (name: keyof DeviceCounts) =>
      [...expected.devices.values()].reduce((total, counts) => total + counts[name], 0);
    return {
      ...{ entries: ledger.size, anchors: found.anchors, rollbacks, anchorerKills: rounds * (anchorerKills + 1) + 1 },
      ...{ alerts: sum("alerts"), credits: sum("credits"), gas: found.gas },
    };
  } finally {
    clearInterval(writing);
    if (anchorer) await kill(anchorer);
    await anvil.end("SIGKILL");
    folder.remove();
    rmSync(chainFolder, { recursive: true, force: true });
  }
}
