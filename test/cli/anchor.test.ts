import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requireOnMachine } from "../setup.js";
import { ANVIL_ACCOUNT, Anvil, anvilBinary } from "../support/anvil.js";
import { eventsTo, LedgerFolder, ORIGIN } from "../support/ledgers.js";
import { runCli } from "./run-cli.js";

const ADDRESS = `0x${"12".repeat(20)}`;

describe("redoubt anchor", function () {
  this.timeout(300_000);
  let folder: LedgerFolder;
  let files: string;
  beforeEach(() => {
    folder = new LedgerFolder();
    files = mkdtempSync(join(tmpdir(), "redoubt-anchor-cli-"));
    writeFileSync(join(files, "passphrase"), "a passphrase of tests\n", { mode: 0o600 });
  });
  afterEach(() => {
    folder.remove();
    rmSync(files, { recursive: true, force: true });
  });

  const passphrase = () => ["--passphrase-file", join(files, "passphrase")];
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCli(["anchor", ...args, "--json"]);
    assert.equal(code, 0, stderr);
    return stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  };

  it("sets a chain up and anchors a log on it", async function () {
    const binary = anvilBinary();
    requireOnMachine(this, binary !== undefined, "anvil (npm fetches it for linux/x64; needs the registry)");
    const anvil = await Anvil.on(binary as string);
    try {
      await anvil.start();
      const ledger = folder.open();
      ledger.append(eventsTo(50));
      const keystore = join(files, "writer.json");
      const [made] = await json("keystore", "--out", keystore, ...passphrase());
      assert.equal(statSync(keystore).mode & 0o777, 0o600);
      await anvil.rpc("anvil_setBalance", made?.address, "0x3635c9adc5dea00000");
      const owner = ["--rpc", anvil.url, "--signer-url", anvil.url, "--account", ANVIL_ACCOUNT];
      const [deployed] = await json("deploy", ...owner, "--interval", "50", "--burst", "100");
      assert.equal(deployed?.chainId, 31_337);
      const lane = ["--contract", String(deployed?.contract), "--origin", ORIGIN];
      await json("writer", ...owner, ...lane, String(made?.address));
      const registered = await json("device", ...owner, ...lane, "sensor-0", "sensor-1", "--trust", "90");
      assert.deepEqual(
        registered.map(({ name, trust }) => [name, trust]),
        [
          ["sensor-0", 90],
          ["sensor-1", 90],
        ],
      );
      const log = ["--ledger", join(folder.path, "ledger.db"), "--key", join(folder.path, "log.pem")];
      const signer = ["--rpc", anvil.url, "--keystore", keystore, ...passphrase()];
      const anchors = await json("run", ...signer, ...lane, ...log, "--once");
      ledger.refresh();
      assert.deepEqual(ledger.anchors(), anchors);
      assert.equal(anchors.at(-1)?.size, ledger.size);
      const [status] = await json("status", "--rpc", anvil.url, ...lane, "--devices", "sensor-0,sensor-9");
      assert.equal(status?.rootHash, ledger.rootAt(ledger.size).toString("hex"));
      assert.ok(Array.isArray(status?.devices));
      const [, unknown] = status.devices as object[];
      assert.deepEqual(unknown, { name: "sensor-9", trust: null });
      // As the how-to holds an export against the chain.
      writeFileSync(join(files, "on-chain.json"), JSON.stringify([status]));
      const exported = join(files, "exported");
      assert.equal((await runCli(["export-ledger", exported, "--origin", ORIGIN, ...log])).code, 0);
      const verify = ["verify-ledger", exported, "--vkey", ledger.vkey, "--anchors"];
      assert.equal((await runCli([...verify, join(files, "on-chain.json")])).code, 0);
      writeFileSync(join(files, "forged.json"), JSON.stringify([{ ...status, rootHash: "00".repeat(32) }]));
      assert.equal((await runCli([...verify, join(files, "forged.json")])).code, 1);

      await json("writer", ...owner, ...lane, String(made?.address), "--remove");
      ledger.append(eventsTo(3));
      const refused = await runCli(["anchor", "run", ...signer, ...lane, ...log, "--once"]);
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /redoubt: .*NotWriter/);
    } finally {
      await anvil.end("SIGKILL");
    }
  });

  it("says what is missing or wrong", async () => {
    const rpc = ["--rpc", "http://127.0.0.1:9"];
    const lane = ["--contract", ADDRESS, "--origin", ORIGIN];
    const cases: [string[], number, RegExp][] = [
      [["deploy", ...rpc], 2, /either --keystore or --signer-url/],
      [["deploy", ...rpc, "--signer-url", "http://127.0.0.1:9"], 2, /needs --account/],
      [["deploy", ...rpc, "--interval", "0"], 2, /a whole number of 1 to 86400/],
      [["keystore", "--out", join(files, "k.json")], 2, /set REDOUBT_ANCHOR_PASSPHRASE/],
      [["writer", ...rpc, ...lane, "me"], 2, /"me" is no address/],
      [["device", ...rpc, ...lane, "a/b"], 2, /no name of a device/],
      [["status", ...rpc, ...lane], 1, /ECONNREFUSED/],
      [["run", ...rpc, ...lane, "--keystore", "k", ...passphrase(), "--ledger", join(files, "no.db")], 1, /no ledger/],
    ];
    const results = await Promise.all(cases.map(([args]) => runCli(["anchor", ...args])));
    for (const [i, [args, code, pattern]] of cases.entries()) {
      assert.equal(results[i]?.code, code, args.join(" "));
      assert.match(results[i]?.stderr ?? "", pattern);
    }
  });
});
