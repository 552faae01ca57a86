import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { InvalidArgumentError } from "commander";
import { detectCommand } from "../../cli/commands/detect.js";
import { trainBaselineCommand } from "../../cli/commands/train-baseline.js";
import { detect } from "../../cli/detect/detect.js";
import { exemptFlag } from "../../cli/detect/exempt.js";
import { CommandFailure, UsageFailure } from "../../cli/failure.js";
import { requireOnMachine, sharedData } from "../setup.js";
import { HOUSE, houseSegments, houseTime, pcapOf, session } from "../support/house-capture.js";
import type { MadeSegment } from "../support/made-capture.js";
import { jsonLines, runCli } from "./run-cli.js";

const FOLDER = join(sharedData, "pcaps");

/** Captures with an attack: who, and one of the labels. The forged flood has no address, but a MAC. */
const ATTACKERS: Record<string, [address: string, label: string]> = {
  "portscan-detector/tcpconnect": ["192.168.5.158", "connect-scan"],
  "portscan-detector/tcpfin": ["192.168.5.158", "fin-scan"],
  "portscan-detector/tcpnull": ["192.168.5.158", "null-scan"],
  "portscan-detector/tcpsyn": ["192.168.5.158", "syn-scan"],
  "portscan-detector/udp": ["192.168.5.161", "udp-scan"],
  "portscan-detector/udp_sneaky": ["192.168.5.164", "host-scan"],
  "titaniumorca/Attack": ["", "spoofed-syn-flood"],
  "titaniumorca/hping_syn": ["192.168.75.137", "syn-flood"],
  "titaniumorca/nmap_OS_scan": ["192.168.100.103", "os-probe"],
  "titaniumorca/nmap_standard_scan": ["192.168.100.103", "syn-scan"],
  "zeek-btest/nmap-vsn": ["192.168.1.71", "host-scan"],
  "zeek-btest/sshguess": ["192.168.56.1", "ssh-brute-force"],
};

describe("verdicts about real captures", () => {
  const names = existsSync(FOLDER)
    ? readdirSync(FOLDER, { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".pcap.gz"))
        .map((name) => name.replace(".pcap.gz", ""))
    : [];

  it("are there for all captures", function () {
    requireOnMachine(this, existsSync(FOLDER), "shared data (pcaps)");
    for (const name of Object.keys(ATTACKERS)) assert.ok(names.includes(name), name);
  });

  for (const name of names) {
    const [address, label] = ATTACKERS[name] ?? [];
    it(`${name}: ${address === undefined ? "nobody" : address || "forged addresses"}`, async () => {
      const { sources, summary } = await detect(
        {
          path: join(FOLDER, `${name}.pcap.gz`),
          detectors: {},
          name: () => undefined,
          judge: undefined,
          onFlow: undefined,
          signal: new AbortController().signal,
        },
        undefined,
      );
      const accused = sources.filter(({ verdict }) => verdict !== "normal");
      assert.deepEqual(
        accused.map((source) => source.address),
        address === undefined ? [] : [address],
      );
      if (label !== undefined)
        assert.ok(
          accused[0]?.labels.some((found) => found === label),
          String(accused[0]?.labels),
        );
      assert.equal(summary.attacks > 0, address !== undefined);
      assert.ok(sources.every(({ firstSeen, lastSeen }) => firstSeen <= lastSeen));
    });
  }
});

describe("redoubt detect", () => {
  const ATTACKER = "192.168.1.66";
  let folder: string;
  let scan: string;

  /** A house in which somebody tries the broker's ports. */
  function scanSegments(): MadeSegment[] {
    const probes = Array.from({ length: 200 }, (_, i) => {
      const ends = { source: ATTACKER, destination: HOUSE.broker, sourcePort: 50_000, destinationPort: 2000 + i };
      const back = { source: HOUSE.broker, destination: ATTACKER, sourcePort: 2000 + i, destinationPort: 50_000 };
      const time = houseTime(30 + i / 100);
      return [
        { time, ...ends, flags: 2, sequence: 1 },
        { time: time + 0.001, ...back, flags: 20, sequence: 0, acknowledgement: 2 },
      ];
    });
    return [...houseSegments(3, 5), ...probes.flat()];
  }

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-detect-"));
    scan = join(folder, "scan.pcap");
    writeFileSync(scan, pcapOf(scanSegments()));
  });
  after(() => rmSync(folder, { recursive: true }));

  function file(name: string, bytes: Buffer): string {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  }

  const started = (args: readonly string[]) => detectCommand().parseAsync([...args], { from: "user" });
  const startedLearning = (args: readonly string[]) => trainBaselineCommand().parseAsync([...args], { from: "user" });

  it("prints a line per flow and source, and the sum of it", async () => {
    const result = await runCli(["detect", "--pcap", scan, "--json", "--flows"]);
    assert.deepEqual([result.code, result.stderr], [0, ""]);
    const lines = jsonLines(result);
    const of = (kind: string) => lines.filter((line) => line.kind === kind);
    const [summary, ...more] = of("summary");
    assert.deepEqual([more, lines.at(-1)], [[], summary]);
    const [attacker, ...others] = of("source");
    assert.equal(attacker?.address, ATTACKER);
    assert.deepEqual([attacker?.verdict, attacker?.labels, attacker?.packets], ["attack", ["syn-scan"], 200]);
    assert.equal(attacker?.mac, "02:00:00:00:00:42");
    assert.match(String(attacker?.reasons), /ports of 192\.168\.1\.2 tried in vain/);
    assert.deepEqual([attacker?.firstSeen, attacker?.lastSeen], [houseTime(30), houseTime(31.99)]);
    assert.ok(others.every(({ verdict, labels }) => verdict === "normal" && (labels as string[]).length === 0));
    const flows = of("flow") as { isAttack: boolean; originator: { address: string }; detectors: string[] }[];
    const attacks = flows.filter(({ isAttack }) => isAttack);
    assert.equal(attacks.length, 200);
    assert.ok(
      attacks.every(({ originator, detectors }) => originator.address === ATTACKER && detectors.includes("syn-scan")),
    );
    assert.deepEqual([summary?.flows, summary?.sources, summary?.attacks], [flows.length, others.length + 1, 1]);
    assert.equal(typeof summary?.seconds, "number");
  });

  it("exempts who may, and is told so in the forms of --exempt", async () => {
    const result = await runCli(["detect", "--pcap", scan, "--json", "--model", "none", "--exempt", ATTACKER]);
    assert.deepEqual([result.code, jsonLines(result).at(-1)?.attacks], [0, 0]);
    const mac = "02:00:00:00:00:42";
    assert.deepEqual(
      ["192.168.1.64/26=syn-scan,host-scan", mac, "client:hub=mqtt-wildcard", "2001:db8::1"].map((who) =>
        exemptFlag(who, []),
      ),
      [
        [{ address: "192.168.1.64/26", kinds: ["syn-scan", "host-scan"] }],
        [{ mac }],
        [{ clientId: "hub", kinds: ["mqtt-wildcard"] }],
        [{ address: "2001:db8::1" }],
      ],
    );
    for (const who of ["nobody", "192.168.1.0/99", "192.168.1.1=flying", ""]) {
      assert.throws(() => exemptFlag(who, []), InvalidArgumentError, who);
    }
  });

  it("is readable, and writes the same to a file", async () => {
    const path = join(folder, "report.txt");
    const result = await runCli(["detect", "--pcap", scan, "--report", path]);
    assert.match(result.stdout, /^ATTACK {2}192\.168\.1\.66 \(02:00:00:00:00:42\): syn-scan\n/);
    assert.match(result.stdout, /packets, \d+ flows, \d+ sources, .*1 attack; read in [\d.]+ s\n$/s);
    assert.equal(readFileSync(path, "utf8"), result.stdout);
  });

  it("takes captures of nothing and of one packet", async () => {
    const empty = await runCli(["detect", "--pcap", file("empty.pcap", pcapOf([])), "--json", "--flows"]);
    assert.equal(empty.code, 0);
    const [{ kind, packets, flows, sources, attacks, captureSeconds } = {}] = jsonLines(empty);
    assert.deepEqual([kind, packets, flows, sources, attacks, captureSeconds], ["summary", 0, 0, 0, 0, 0]);
    const one = await runCli(["detect", "--pcap", file("one.pcap", pcapOf(scanSegments().slice(0, 1))), "--json"]);
    assert.deepEqual(
      jsonLines(one).map(({ kind, packets }) => [kind, packets]),
      [
        ["source", 1],
        ["summary", 1],
      ],
    );
  });

  it("judges what there is of a capture that was cut off or damaged, and says so", async () => {
    const whole = readFileSync(scan);
    const cut = await runCli(["detect", "--pcap", file("cut.pcap", whole.subarray(0, whole.length - 20)), "--json"]);
    assert.equal(cut.code, 0);
    assert.match(cut.stderr, /ends within a packet/);
    assert.deepEqual([jsonLines(cut)[0]?.verdict, jsonLines(cut).at(-1)?.cutShort], ["attack", true]);
    const damaged = Buffer.from(whole);
    damaged.fill(0xff, damaged.length - 3000);
    const result = await runCli(["detect", "--pcap", file("damaged.pcap", damaged), "--json"]);
    assert.equal(jsonLines(result)[0]?.verdict, "attack");
    assert.equal(result.code, jsonLines(result).at(-1)?.damaged === undefined ? 0 : 1);
  });

  it("tells a wrong use from what cannot be read", async () => {
    assert.equal((await runCli(["detect"])).code, 2);
    await assert.rejects(started(["--pcap", scan, "--flows"]), UsageFailure);
    const model = file("model.json", Buffer.from("{}"));
    for (const [args, why] of [
      [["--pcap", join(folder, "none.pcap")], /there is no such file/],
      [["--pcap", folder], /this is a folder/],
      [["--pcap", file("zero.pcap", Buffer.alloc(0))], /empty capture/],
      [["--pcap", file("text.pcap", Buffer.from("not a capture at all"))], /neither pcap nor pcapng/],
      [["--pcap", scan, "--model", model], /not a Redoubt model/],
      [["--pcap", scan, "--baseline", model], /not a Redoubt baseline/],
    ] as const) {
      await assert.rejects(started(args), (error) => error instanceof CommandFailure && why.test(error.message));
    }
  });

  it("learns a baseline and judges by it", async () => {
    const normal = file("normal.pcap", pcapOf(houseSegments(30, 6)));
    const out = join(folder, "house.json");
    const learnt = await runCli(["train", "baseline", "--pcap", normal, "--out", out, "--json"]);
    assert.deepEqual([learnt.code, learnt.stderr], [0, ""]);
    const [report] = jsonLines(learnt);
    assert.deepEqual([report?.name, report?.devices, report?.attacks], ["house", report?.devices, []]);
    assert.equal([...JSON.stringify(report?.devices).matchAll(/"id"/g)].length, 3);

    const quiet = file("quiet.pcap", pcapOf(houseSegments(30, 7, 5000)));
    const same = await runCli(["detect", "--pcap", quiet, "--json", "--model", "none", "--baseline", out]);
    assert.deepEqual([same.code, jsonLines(same).at(-1)?.unusual], [0, 0]);

    const shell = session({
      time: houseTime(100),
      from: HOUSE.camera,
      to: "203.0.113.9",
      fromPort: 40_000,
      port: 4444,
      up: 2000,
      down: 300,
    });
    const odd = file("odd.pcap", pcapOf([...houseSegments(5, 8), ...shell]));
    const result = await runCli(["detect", "--pcap", odd, "--json", "--flows", "--model", "none", "--baseline", out]);
    const accused = jsonLines(result).filter(({ kind, verdict }) => kind === "source" && verdict !== "normal");
    assert.deepEqual(
      accused.map(({ address, verdict, labels, reasons }) => [address, verdict, labels, (reasons as string[])[0]]),
      [[HOUSE.camera, "suspicious", ["unexpected-peer"], "never seen: tcp to 203.0.113.9 port 4444"]],
    );
    const flows = jsonLines(result).filter(({ isAttack }) => isAttack);
    assert.deepEqual(
      flows.map(({ detectors }) => detectors),
      [["unexpected-peer"]],
    );
  });

  it("does not learn from attacks unless told to leave them out", async () => {
    const path = file("attacked.pcap", pcapOf([...houseSegments(20, 9), ...scanSegments()]));
    const out = join(folder, "attacked.json");
    const refused = await runCli(["train", "baseline", "--pcap", path, "--out", out]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /not only normal traffic: syn-scan by 192\.168\.1\.66/);
    assert.ok(!existsSync(out));
    const allowed = await runCli(["train", "baseline", "--pcap", path, "--out", out, "--allow-attacks", "--json"]);
    const [report] = jsonLines(allowed);
    assert.equal(allowed.code, 0);
    assert.ok(!(report?.devices as { id: string }[] | undefined)?.some(({ id }) => id === ATTACKER));
    assert.equal(report?.leftOut, 200);
    for (const args of [
      ["--out", out],
      ["--interface", "lo", "--out", out],
      ["--pcap", path, "--interface", "lo", "--out", out],
    ]) {
      await assert.rejects(startedLearning(args), UsageFailure);
    }
    await assert.rejects(startedLearning(["--pcap", scan, "--allow-attacks", "--out", out]), /too few to learn from/);
  });

  it("reads gzip as well", async () => {
    const zipped = gzipSync(readFileSync(scan));
    const result = await runCli(["detect", "--pcap", file("scan.pcap.gz", zipped), "--json", "--model", "none"]);
    assert.equal(jsonLines(result).at(-1)?.attacks, 1);
  });
});
