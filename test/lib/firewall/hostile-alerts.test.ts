import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { NETWORK_ALERT_KINDS } from "../../../lib/common/network.js";
import { Rejection } from "../../../lib/common/rejection.js";
import { AllowList } from "../../../lib/firewall/allow-list.js";
import { DryRunBackend } from "../../../lib/firewall/dry-run-backend.js";
import { parseIp } from "../../../lib/firewall/ip-address.js";
import { blockRule } from "../../../lib/firewall/iptables-rules.js";
import { NftBackend } from "../../../lib/firewall/nft-backend.js";
import { addElements, deleteElements, installCommands } from "../../../lib/firewall/nft-ruleset.js";
import { neverBlocked } from "../../../lib/firewall/policy.js";
import { firewallCommands, runCommand } from "../../../lib/firewall/run-command.js";
import { closeSessions } from "../../../lib/firewall/sessions.js";
import type { Target } from "../../../lib/firewall/target.js";
import { anyCharacter } from "../../support/any-character.js";
import { alertOf, FACTS, FakeClock, rig } from "./support.js";

const SEED = { seed: 6, numRuns: 1500 };
const SHELL = "; rm -rf / $(reboot) `id` | nc & > /etc/passwd \n \0 ' \"";
const policy = {
  allow: AllowList.read([{ address: "10.77.0.10", mac: "02:00:00:00:00:10" }, { address: "10.78.0.0/16" }]),
  linkLocal: false,
  minSeverity: "warning" as const,
  unusual: false,
};

const text = fc.oneof(
  fc.string({ unit: anyCharacter }),
  fc.constantFrom(SHELL, "__proto__", "\ud800", "10.0.0.5; rm -rf"),
);
const hostile = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  text,
  fc.double(),
  fc.constantFrom<unknown>(undefined, null, 1e308, -0),
);
const address = fc.oneof(
  { weight: 6, arbitrary: fc.ipV4() },
  fc.ipV6(),
  fc.constantFrom(
    "10.77.0.1",
    "10.77.0.10",
    "10.77.0.254",
    "127.0.0.1",
    "::1",
    "ff02::1",
    "fe80::1%eth0",
    "",
    "0.0.0.0",
  ),
  fc.tuple(fc.ipV4(), text).map((parts) => parts.join("")),
  hostile,
);
const alerts = fc.record(
  {
    id: fc.oneof({ weight: 25, arbitrary: fc.constant("a1") }, hostile),
    kind: fc.oneof({ weight: 25, arbitrary: fc.constantFrom<unknown>(...NETWORK_ALERT_KINDS) }, hostile),
    phase: fc.oneof({ weight: 25, arbitrary: fc.constantFrom<unknown>("began", "continues", "ended") }, hostile),
    source: fc.oneof(
      { weight: 25, arbitrary: fc.record({ address, mac: fc.oneof(fc.constant("02:00:00:00:00:66"), hostile) }) },
      hostile,
    ),
    severity: fc.oneof({ weight: 25, arbitrary: fc.constantFrom<unknown>("warning", "critical") }, hostile),
    proof: fc.oneof({ weight: 25, arbitrary: fc.constantFrom<unknown>("handshake", "link-layer") }, hostile),
    lastSeen: fc.oneof({ weight: 25, arbitrary: fc.constant<unknown>(new FakeClock().wall / 1000) }, hostile),
    reasons: fc.oneof({ weight: 25, arbitrary: fc.array(text, { maxLength: 2 }) }, hostile),
  },
  { noNullPrototype: false },
);

/** Tells the test what it is asked to do. */
class Recorder extends DryRunBackend {
  readonly targets: Target[] = [];

  override async block(target: Target, seconds: number): Promise<void> {
    this.targets.push(target);
    await super.block(target, seconds);
  }
}

describe("firewall: hostile alerts", () => {
  it("block only addresses that may be blocked, or are refused with a code", async () => {
    const clock = new FakeClock();
    const backend = new Recorder(clock);
    const { blocker, ledger } = rig({ policy, perMinute: 1e9 }, { clock, backend });
    await blocker.start();
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.oneof({ weight: 9, arbitrary: alerts }, hostile), async (alert) => {
        const before = backend.targets.length;
        try {
          await blocker.alert(alert);
        } catch (error) {
          assert.ok(error instanceof Rejection, String(error));
          assert.equal(backend.targets.length, before);
          refused++;
        }
        for (const target of backend.targets.slice(before)) {
          assert.match(target.text, /^[0-9a-f.:]{2,39}$/);
          assert.equal(neverBlocked(target, FACTS, policy), undefined);
        }
      }),
      SEED,
    );
    assert.ok(backend.targets.length > 20 && refused > 500, `${backend.targets.length} blocked, ${refused} refused`);
    for (const { detail } of ledger.events) assert.doesNotMatch(String(detail?.reason), /[\n\0]|\p{Cs}/u);
  });

  it("cannot put anything but addresses into rules", () => {
    const forged = fc.record({ kind: fc.constantFrom("ipv4", "ipv6", "mac"), text: fc.oneof(address, text) });
    fc.assert(
      fc.property(forged, fc.oneof(text, fc.constant("syn-scan")), (given, kind) => {
        const target = given as Target;
        const writers = [
          () => JSON.stringify(addElements([{ target, seconds: 60, kind }])),
          () => JSON.stringify(deleteElements([target])),
          () => blockRule(target),
        ];
        for (const write of writers) {
          let written: string;
          try {
            written = write();
          } catch (error) {
            assert.ok(error instanceof TypeError);
            continue;
          }
          assert.match(written, /^[A-Za-z0-9_.:,"{}[\] -]+$/);
          assert.ok(parseIp(target.text)?.text === target.text || /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(target.text));
        }
      }),
      SEED,
    );
  });

  it("write the allow-list as parsed addresses only", () => {
    const written = JSON.stringify(installCommands(policy.allow, true, []));
    assert.ok(written.includes('{"prefix":{"addr":"10.78.0.0","len":16}}'));
    assert.ok(written.includes('{"concat":["10.77.0.10","02:00:00:00:00:10"]}'));
  });
});

describe("firewall: commands", () => {
  let folder: string;
  let log: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-firewall-"));
    log = join(folder, "log");
    const script = `#!${process.execPath}
const { appendFileSync, readFileSync } = require("node:fs");
appendFileSync(${JSON.stringify(log)}, JSON.stringify({ argv: process.argv.slice(2), input: readFileSync(0, "utf8") }) + "\\n");
`;
    writeFileSync(join(folder, "program"), script);
    chmodSync(join(folder, "program"), 0o700);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("have no text of an alert among their arguments, and no shell", async () => {
    const clock = new FakeClock();
    const program = [join(folder, "program")];
    const commands = { ...firewallCommands(), ss: program, conntrack: program };
    const backend = new NftBackend({ allow: policy.allow, dropForged: true, command: program });
    // The recorder answers nothing, as nft does for everything but a list.
    backend.list = async () => [];
    const { blocker } = rig({ policy, closeSessions: (target) => closeSessions(commands, target) }, { clock, backend });
    await blocker.start();
    const marker = join(folder, "owned");
    const evil = `10.0.0.5; touch ${marker}`;
    const alert = alertOf(clock, { reasons: [`$(touch ${marker})`] });
    await blocker.alert(alert);
    await blocker.alert(alertOf(clock, { source: { address: "2001:db8::66" }, reasons: [SHELL] }));
    for (const wrong of [
      { ...alert, source: { address: evil } },
      { ...alert, kind: evil },
      { ...alert, source: { address: "10.0.0.5", mac: evil } },
    ]) {
      await assert.rejects(blocker.alert(wrong), Rejection);
    }
    const lines = readFileSync(log, "utf8").trim().split("\n");
    const calls = lines.map((line) => JSON.parse(line) as { argv: string[]; input: string });
    assert.equal(calls.length, 1 + 2 * 4);
    for (const { argv, input } of calls) {
      for (const argument of argv) assert.match(argument, /^[A-Za-z0-9.:[\]-]+$/);
      assert.ok(!input.includes("touch") && !input.includes("rm -rf"));
    }
    assert.ok(!existsSync(marker));
  });

  it("say why a program failed", async () => {
    await assert.rejects(runCommand(["redoubt-no-such-program"], []), { failure: "missing" });
    await assert.rejects(
      runCommand([process.execPath], ["-e", "console.error('Operation not permitted');process.exit(4)"]),
      {
        failure: "not-permitted",
        exitCode: 4,
      },
    );
    const { stdout } = await runCommand([process.execPath], ["-p", "process.argv[1]", SHELL.replaceAll("\0", "")]);
    assert.equal(stdout, `${SHELL.replaceAll("\0", "")}\n`);
    assert.throws(() => firewallCommands("fw; reboot"), /namespace/);
  });
});
