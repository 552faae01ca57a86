import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Rejection } from "../../../../lib/common/rejection.js";
import { failureOf, interfaceNames } from "../../../../lib/network/capture/capture-failure.js";
import {
  type CaptureProgram,
  captureArguments,
  type LiveOptions,
} from "../../../../lib/network/capture/capture-program.js";
import { dropsIn, LiveCapture } from "../../../../lib/network/capture/live.js";
import { writePcap } from "../../../../lib/network/capture/writer.js";
import { findCommand, requireOnMachine } from "../../../setup.js";
import { hex, type Kept, kept } from "./frames.js";

const UDP = hex("4500 001e 0000 0000 40 11 0000 0a4d0009 0a4d0001 0035 c350 000a 0000 abcd");
const LISTENING = "tcpdump: listening on lo, link-type EN10MB (Ethernet), snapshot length 256 bytes";

describe("capture: command lines of capture programs", () => {
  it("are lists of arguments, the filter the last of them and whole", () => {
    const { program, args } = captureArguments({
      interface: "eth0.7",
      filter: "not port 22; rm -rf $HOME",
      user: "me",
    });
    assert.equal(program, "tcpdump");
    const drop = process.getuid?.() === 0 ? ["-Z", "me"] : [];
    const fixed = ["-i", "eth0.7", "-U", "-n", "-s", "1600", "-B", "8192", "--immediate-mode", ...drop, "-w", "-"];
    assert.deepEqual(args, [...fixed, "--", "not port 22; rm -rf $HOME"]);
    const dumpcap = captureArguments({ interface: "any", program: "dumpcap", filter: "arp", bufferKiB: 3000 });
    assert.deepEqual(dumpcap.args, ["-q", "-i", "any", "-s", "1600", "-B", "3", "-f", "arp", "-w", "-"]);
    const plain = captureArguments({ interface: "lo", immediate: false, snapLength: 100, bufferKiB: 64 }).args;
    assert.deepEqual([plain[5], plain[7], plain.includes("--immediate-mode"), plain.at(-1)], ["100", "64", false, "-"]);
  });

  it("refuse what could be taken for something else", () => {
    const wrong: Partial<LiveOptions>[] = [
      ...["", "-w", "eth0;reboot", "eth 0", "x".repeat(40), "eth0\n"].map((name) => ({ interface: name })),
      ...["-Z", "root;", "A", ""].map((user) => ({ user })),
      { filter: "port 1\0" },
      { filter: "a\nb" },
      { filter: "x".repeat(5000) },
      ...[0, 81, 1.5, Number.NaN, 1e9].map((snapLength) => ({ snapLength })),
      ...[0, -1, 2 ** 31].map((bufferKiB) => ({ bufferKiB })),
      { program: "sh" as CaptureProgram },
      { interface: undefined as unknown as string },
    ];
    for (const option of wrong) {
      assert.throws(() => captureArguments({ interface: "eth0", ...option }), Rejection, JSON.stringify(option));
    }
  });
});

describe("capture: what capture programs say", () => {
  it("becomes what to do about it", () => {
    const cases: [CaptureProgram, string, string, RegExp][] = [
      ["tcpdump", "tcpdump: no: No such device exists\n(No such device exists)\n", "no-interface", /has: .*\blo\b/],
      ["dumpcap", "Capturing on 'no'\ndumpcap: There is no device named \"no\".\n", "no-interface", /no interface no;/],
      [
        "tcpdump",
        "tcpdump: no: You don't have permission to perform this capture on that device\n(socket: Operation not permitted)\n",
        "no-permission",
        /on no: run as root, or setcap cap_net_raw,cap_net_admin=eip "\$\(command -v tcpdump\)"/,
      ],
      ["tcpdump", "tcpdump: can't parse filter expression: syntax error\n", "filter", /syntax error/],
      [
        "dumpcap",
        "dumpcap: Invalid capture filter \"(\" for interface 'lo'.\n\nisn't a valid capture filter (can't",
        "filter",
        /filter/,
      ],
      ["tcpdump", "tcpdump: no: That device is not up\n", "interface-down", /ip link set no up/],
      ["tcpdump", "tcpdump: Couldn't find user 'x'\n", "user", /Couldn't find user 'x'/],
      [
        "tcpdump",
        `${LISTENING}\ntcpdump: pcap_loop: The interface disappeared\n0 packets captured\n0 packets received by filter\n`,
        "no-interface",
        /there is no interface no/,
      ],
      ["tcpdump", `${LISTENING}\nsegfault\n3 packets received by filter\n`, "failed", /^tcpdump ended: segfault$/],
      ["tcpdump", "", "failed", /did not say why/],
    ];
    for (const [program, said, kind, message] of cases) {
      const failure = failureOf(program, "no", said);
      assert.equal(failure.kind, kind, said);
      assert.match(failure.message, message);
    }
    assert.ok(interfaceNames().length > 0);
  });

  it("tells the drops", () => {
    const running = "tcpdump: 4 packets captured, 8 packets received by filter, 2 packets dropped by kernel\n";
    assert.equal(dropsIn(running), 2);
    const end =
      "9 packets captured\n9 packets received by filter\n1 packet dropped by kernel\n5 packets dropped by interface\n";
    assert.equal(dropsIn(running + end), 6);
    const dumpcap =
      "Packets received/dropped on interface 'Loopback: lo': 10/7 (pcap:7/dumpcap:0/flushed:0/ps_ifdrop:0) (58.8%)";
    assert.equal(dropsIn(dumpcap), 7);
    assert.equal(dropsIn(LISTENING), undefined);
  });
});

describe("capture: live, with a program of our own", () => {
  let folder: string;
  const path = process.env.PATH;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-capture-"));
  });
  afterEach(() => {
    process.env.PATH = path;
    rmSync(folder, { recursive: true });
  });

  /** Puts a shell script in tcpdump's place. */
  function pretend(script: string): void {
    writeFileSync(join(folder, "tcpdump"), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, "tcpdump"), 0o755);
    process.env.PATH = `${folder}:${path}`;
  }

  function capture(bytes = writePcap([{ time: 1, bytes: UDP }], 101)): string {
    writeFileSync(join(folder, "capture"), bytes);
    return join(folder, "capture");
  }

  it("says what to install when the program is missing", async () => {
    process.env.PATH = folder;
    const live = new LiveCapture({ interface: "lo" }, () => {});
    await assert.rejects(live.started(), /CaptureFailure: tcpdump is not installed: apt-get install tcpdump/);
    await live.stop();
  });

  it("reports a program that ends by itself, after delivering what it captured", async () => {
    pretend(`echo "${LISTENING}" >&2; cat "${capture()}"; echo "tcpdump: lo: That device is not up" >&2; exit 1`);
    let packets = 0;
    const live = new LiveCapture({ interface: "lo" }, () => packets++);
    await assert.rejects(live.ended, { kind: "interface-down" });
    assert.equal(packets, 1);
  });

  it("ends with the reason when the bytes are no capture, or when nobody can take the packets", async () => {
    pretend(`echo "${LISTENING}" >&2; echo "this is not a capture"; exec sleep 60`);
    await assert.rejects(new LiveCapture({ interface: "lo" }, () => {}).ended, /FORMAT: not a capture/);
    pretend(`echo "${LISTENING}" >&2; cat "${capture()}"; exec sleep 60`);
    const live = new LiveCapture({ interface: "lo" }, () => {
      throw new TypeError("a fault of ours");
    });
    await assert.rejects(live.ended, TypeError);
  });

  it("kills a program that does not stop", async () => {
    pretend(`trap "" TERM; echo "${LISTENING}" >&2; while :; do sleep 0.1; done`);
    const live = new LiveCapture({ interface: "lo" }, () => {});
    await live.started();
    await live.stop();
    await live.ended;
  });
});

describe("capture: live on the loopback interface", () => {
  for (const program of ["tcpdump", "dumpcap"] as const) {
    it(`reads packets as they come, with ${program}, and knows the drops`, async function () {
      const present = findCommand(program) !== undefined && process.getuid?.() === 0 && process.platform === "linux";
      requireOnMachine(this, present, `${program} and root`);
      const receiver = createSocket("udp4");
      await new Promise<void>((resolve) => receiver.bind(0, "127.0.0.1", resolve));
      const { port } = receiver.address();
      const packets: Kept[] = [];
      const options: LiveOptions = { interface: "lo", program, filter: `udp and dst port ${port}` };
      const live = new LiveCapture(options, (packet) => packets.push(kept(packet)));
      try {
        await live.started();
        // dumpcap says that it listens shortly before it does.
        while (packets.length < 3) {
          receiver.send(Buffer.from("a datagram"), port, "127.0.0.1");
          await delay(50);
        }
        const [first] = packets;
        assert.deepEqual(
          [first?.destination, first?.destinationPort, first?.protocol, first?.payloadLength, first?.sourceMac],
          ["127.0.0.1", port, 17, 10, "00:00:00:00:00:00"],
        );
        assert.ok(Math.abs((first?.time ?? 0) - Date.now() / 1000) < 60);
        if (program === "tcpdump") {
          live.askForDrops();
          while (live.counters.dropped === null) await delay(20);
        }
      } finally {
        await live.stop();
        receiver.close();
      }
      await live.ended;
      assert.equal(live.counters.dropped, 0);
      assert.equal(live.counters.unreadable, 0);
    });
  }

  it("names the interfaces there are when there is no such one", async function () {
    const present = findCommand("tcpdump") !== undefined && process.getuid?.() === 0;
    requireOnMachine(this, present, "tcpdump and root");
    const live = new LiveCapture({ interface: "nonesuch0" }, () => {});
    await assert.rejects(live.started(), { kind: "no-interface", message: /no interface nonesuch0; .*\blo\b/ });
    const filter = new LiveCapture({ interface: "lo", filter: "port port" }, () => {});
    await assert.rejects(filter.started(), { kind: "filter" });
  });
});
