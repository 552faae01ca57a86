import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { simulateCommand } from "../../cli/commands/simulate.js";
import { CommandFailure, UsageFailure } from "../../cli/failure.js";
import { usersFileIn } from "../../lib/broker/accounts.js";
import { readUsers } from "../../lib/broker/users-file.js";
import { loadOrCreateKeyFile } from "../../lib/envelope/key-file.js";
import { readRegistry, registryFileIn } from "../../lib/registry/registry-file.js";
import type { AttackReport } from "../../simulator/fleet/report/report.js";
import type { SentMessage } from "../../simulator/fleet/truth.js";
import { type EmbeddedTestBroker, startEmbeddedBroker, TYPESCRIPT_EXEC_ARGV } from "../support/brokers.js";
import { freePort } from "../support/free-port.js";
import { startLibraryMonitor } from "../support/library-monitor.js";

const SCRIPT =
  "require('./cli/commands/simulate.ts').simulateCommand().parseAsync(process.argv.slice(1), {from:'user'})";

/** The command in this process, with a home of its own and without output. */
async function run(home: string, ...args: string[]): Promise<void> {
  const command = simulateCommand();
  for (const each of [command, ...command.commands]) {
    each.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
  }
  const previous = process.env.REDOUBT_HOME;
  const writes = [process.stdout, process.stderr].map((stream) => ({ stream, write: stream.write }));
  process.env.REDOUBT_HOME = home;
  for (const { stream } of writes) stream.write = () => true;
  try {
    await command.parseAsync(args, { from: "user" });
  } finally {
    for (const { stream, write } of writes) stream.write = write;
    if (previous === undefined) delete process.env.REDOUBT_HOME;
    else process.env.REDOUBT_HOME = previous;
  }
}

describe("redoubt simulate fleet and attack", function () {
  this.timeout(120_000);
  let folder: string;
  let broker: EmbeddedTestBroker;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-attack-"));
    broker = await startEmbeddedBroker();
    loadOrCreateKeyFile(join(broker.home, "keys", "fleet.key"), "aes-256");
  });
  after(async () => {
    await broker.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("writes training rows without a broker or a home, the same for the same seed", async () => {
    const [first, second] = [join(folder, "a.csv"), join(folder, "b.csv")];
    for (const out of [first, second]) {
      await run(join(folder, "none"), "fleet", "--out", out, "--duration", "60", "--devices", "3", "--seed", "9");
    }
    assert.match(readFileSync(first, "utf8"), /^timestamp,device_id,temperature,humidity,message_rate,inter_arrival/);
    assert.equal(readFileSync(second, "utf8"), readFileSync(first, "utf8"));
  });

  it("refuses options that are wrong or contradict each other", async () => {
    const unused = ["--url", `mqtt://127.0.0.1:${await freePort()}`];
    for (const args of [
      ["--forever", "--report", "x"],
      ["--forever", "--duration", "20"],
      ["--url", "http://x"],
    ]) {
      await assert.rejects(run(folder, "attack", ...args), UsageFailure, args.join(" "));
    }
    for (const args of [
      ["--scenario", "earthquake"],
      ["--attack-ratio", "2"],
      ["--devices", "0"],
      ["--prefix", "a b"],
      ["--duration", "1"],
    ]) {
      await assert.rejects(run(folder, "attack", ...unused, ...args), { name: "CommanderError" }, args.join(" "));
    }
    const file = join(folder, "bad.json");
    writeFileSync(file, '{"version":1,"attacks":{"flood":{"speed":1}}}');
    await assert.rejects(run(folder, "attack", ...unused, "--scenario-file", file), (error: Error) => {
      assert.ok(error instanceof CommandFailure);
      assert.match(error.message, /bad\.json: attacks\.flood has a member "speed"/);
      return true;
    });
    await assert.rejects(run(folder, "attack", ...unused, "--duration", "10"), /too short/);
  });

  it("leaves nothing behind when the broker cannot be reached", async () => {
    const home = join(folder, "unreachable");
    const url = `mqtt://127.0.0.1:${await freePort()}`;
    await assert.rejects(run(home, "attack", "--url", url, "--devices", "1", "--scenario", "tamper"), /cannot connect/);
    assert.deepEqual([...readUsers(usersFileIn(home)).keys()], ["sensor-temp-01"]);
    assert.deepEqual(
      readRegistry(registryFileIn(home)).devices.map(({ id }) => id),
      ["sensor-temp-01"],
    );
  });

  it("attacks a real monitor, tells what it recognised, and takes its logins away again", async () => {
    const scenarioFile = join(folder, "short.json");
    const at = (scenario: string, start: number, duration = 3) => ({ scenario, start, duration });
    const schedule = [
      ...[at("tamper", 5), at("spoofed-id", 5), at("replay", 5), at("malformed", 5), at("unknown-device", 5)],
      ...[at("slow-forgery", 5), at("flood", 8), at("slow-drift", 5, 4)],
    ];
    writeFileSync(
      scenarioFile,
      JSON.stringify({ version: 1, duration: 12, attacks: { "slow-forgery": { rate: 2 } }, schedule }),
    );
    const [report, html, truth] = ["r.json", "r.html", "t.jsonl"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    let failure: Error | null = null;
    const monitor = await startLibraryMonitor(broker.url, broker.home, broker.accounts.monitor!);
    try {
      const files = ["--report", report, "--html", html, "--truth", truth, "--scenario-file", scenarioFile];
      // Without a model part of the flood may pass: whether the targets were reached is in the report as well.
      failure = await run(broker.home, "attack", "--url", broker.url, "--devices", "4", ...files).then(
        () => null,
        (error: Error) => error,
      );
    } finally {
      await monitor.stop();
    }
    const result = JSON.parse(readFileSync(report, "utf8")) as AttackReport;
    const missed = result.targets.filter(({ ok }) => !ok).map(({ name }) => name);
    assert.equal(result.ok, missed.length === 0);
    assert.equal(failure?.message, result.ok ? undefined : `missed: ${missed.join(", ")}`);
    for (const { scenario, recall, messages } of result.scenarios) {
      assert.ok(messages > 0, scenario);
      if (scenario !== "flood" && scenario !== "slow-drift") assert.equal(recall, 1, scenario);
    }
    assert.equal(result.honest.falsePositives, 0);
    assert.ok(result.messages.refusedByBroker >= 3, "the broker refused what its rules forbid");
    assert.equal(result.alerts.withoutDigest, 0);
    const called = new Map(result.scenarios.map(({ scenario, calledAs }) => [scenario, calledAs[0]?.type]));
    assert.equal(called.get("tamper"), "tamper");
    assert.equal(called.get("unknown-device"), "unknown-device");
    assert.equal(called.get("spoofed-id"), "spoofed-id");

    const lines = readFileSync(truth, "utf8").trimEnd().split("\n");
    const sent = lines.map((line) => JSON.parse(line) as SentMessage).filter(({ refused }) => !refused);
    assert.equal(sent.length, result.messages.sent);
    const flood = sent.filter(({ scenario }) => scenario === "flood");
    assert.ok(flood.length > 100, `${flood.length} messages of the flood`);
    assert.equal(statSync(truth).mode & 0o777, 0o600);
    assert.match(readFileSync(html, "utf8"), /^<!doctype html>/);

    const users = [...readUsers(usersFileIn(broker.home)).keys()];
    assert.ok(users.includes("sensor-temp-01"));
    assert.equal(
      users.some((name) => name === "leaked" || name === "simulator-judge" || name.startsWith("field-unit")),
      false,
    );
  });

  it("says so when no monitor answers", async () => {
    const args = ["--duration", "5", "--devices", "2", "--scenario", "normal"];
    await assert.rejects(run(broker.home, "attack", "--url", broker.url, ...args), /not one alert came/);
  });

  it("takes its logins away when it is interrupted", async () => {
    const child = spawn(
      process.execPath,
      [...TYPESCRIPT_EXEC_ARGV, "-e", SCRIPT, "--", "attack", "--url", broker.url, "--devices", "2", "--forever"],
      {
        cwd: join(__dirname, "..", ".."),
        stdio: ["ignore", "ignore", "pipe"],
        env: { ...process.env, REDOUBT_HOME: broker.home },
      },
    );
    const [line] = (await once(child.stderr, "data")) as [Buffer];
    assert.match(line.toString(), /messages .* normal/);
    assert.ok(readUsers(usersFileIn(broker.home)).has("leaked"));
    child.kill("SIGINT");
    const [code] = (await once(child, "exit")) as [number | null];
    assert.equal(code, 0);
    assert.equal(readUsers(usersFileIn(broker.home)).has("leaked"), false);
  });

  it("runs the fleet until it is told to stop, and leaves its devices registered", async () => {
    await run(broker.home, "fleet", "--url", broker.url, "--devices", "2", "--prefix", "west-", "--duration", "2");
    const ids = readRegistry(registryFileIn(broker.home)).devices.map(({ id }) => id);
    assert.ok(ids.includes("west-sensor-temp-01"));
  });
});
