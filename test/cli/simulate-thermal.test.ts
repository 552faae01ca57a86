import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { simulateCommand } from "../../cli/commands/simulate.js";
import { CommandFailure, UsageFailure } from "../../cli/failure.js";
import { accountsFileIn } from "../../lib/broker/accounts.js";
import { startEmbeddedBroker, TYPESCRIPT_EXEC_ARGV } from "../support/brokers.js";
import { freePort } from "../support/free-port.js";

describe("redoubt simulate thermal", () => {
  let folder: string;
  let keyFile: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-simulate-"));
    keyFile = join(folder, "raw.key");
    writeFileSync(keyFile, `${randomBytes(32).toString("base64url")}=\n`, { mode: 0o600 });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function run(...args: string[]): Promise<unknown> {
    const command = simulateCommand();
    for (const each of [command, ...command.commands]) {
      each.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
    }
    return command.parseAsync(["thermal", ...args], { from: "user" });
  }

  it("writes a trace for training without a broker, the same for the same seed", async () => {
    const [first, second] = [join(folder, "a.csv"), join(folder, "b.csv")];
    for (const out of [first, second]) {
      await run("--out", out, "--duration", "120", "--seed", "9", "--racks", "2", "--events", "off");
    }
    const text = readFileSync(first, "utf8");
    assert.equal(text.trimEnd().split("\n").length, 1 + 120 * 2);
    assert.equal(readFileSync(second, "utf8"), text);
  });

  it("fails with one line for an unreachable broker, a missing key and an unwritable file", async () => {
    const url = `mqtt://127.0.0.1:${await freePort()}`;
    const withKey = ["--key-file", keyFile, "--username", "x", "--password-env", "PATH"];
    const cases: [string[], RegExp][] = [
      [["--url", url, ...withKey], /cannot connect to the broker at mqtt:.*REFUSED/],
      [["--url", url, "--key-file", join(folder, "none.key")], /none\.key/],
      [["--url", url, ...withKey, "--csv", join(folder, "none.csv")], /none\.csv/],
      [["--url", url, "--key-file", keyFile, "--username", "x", "--password-env", "NOT_SET_HERE"], /NOT_SET_HERE/],
      [["--out", join(folder, "no", "folder.csv")], /folder\.csv/],
    ];
    for (const [args, expected] of cases) {
      await assert.rejects(run(...args), (error: Error) => {
        assert.ok(error instanceof CommandFailure, error.stack);
        assert.match(error.message, expected);
        assert.ok(!error.message.includes("\n"));
        return true;
      });
    }
  });

  it("refuses options that contradict each other", async () => {
    const wrong = [
      ["--username", "x"],
      ["--now"],
      ["--report-size", "5"],
      ["--csv", "a", "--out", "b"],
      ["--url", "http://x", "--key-file", keyFile],
    ];
    for (const args of wrong) await assert.rejects(run(...args), UsageFailure, args.join(" "));
    for (const args of [
      ["--rate", "0"],
      ["--racks", "1.5"],
      ["--seed", "x"],
      ["--duration", "0"],
      ["--events", "maybe"],
    ]) {
      await assert.rejects(run(...args), { name: "CommanderError" }, args.join(" "));
    }
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`ends in order on ${signal}`, async () => {
      const broker = await startEmbeddedBroker();
      try {
        const report = join(folder, `${signal}.jsonl`);
        const script =
          "require('./cli/commands/simulate.ts').simulateCommand().parseAsync(process.argv.slice(1), {from:'user'})";
        const child = spawn(
          process.execPath,
          [
            ...[...TYPESCRIPT_EXEC_ARGV, "-e", script, "--", "thermal", "--url", broker.url, "--key-file", keyFile],
            ...["--accounts", accountsFileIn(broker.home), "--command-key-file", keyFile, "--report", report],
          ],
          { cwd: join(__dirname, "..", ".."), stdio: ["ignore", "ignore", "pipe"] },
        );
        const [line] = (await once(child.stderr, "data")) as [Buffer];
        assert.match(line.toString(), /00:00:01 {2}8 readings/);
        child.kill(signal);
        const [code] = (await once(child, "exit")) as [number | null];
        assert.equal(code, 0);
        const lines = readFileSync(report, "utf8").trimEnd().split("\n");
        assert.equal(JSON.parse(lines.at(-1) as string).type, "truth");
      } finally {
        await broker.stop();
      }
    });
  }
});
