import assert from "node:assert/strict";
import { once } from "node:events";
import { AllowList } from "../../../lib/firewall/allow-list.js";
import type { FirewallBackend } from "../../../lib/firewall/backend.js";
import { systemClock } from "../../../lib/firewall/block-book.js";
import { IptablesBackend } from "../../../lib/firewall/iptables-backend.js";
import { NftBackend } from "../../../lib/firewall/nft-backend.js";
import { openFirewall } from "../../../lib/firewall/open-firewall.js";
import { CommandError, firewallCommands } from "../../../lib/firewall/run-command.js";
import { closeSessions } from "../../../lib/firewall/sessions.js";
import { parseTarget, type Target } from "../../../lib/firewall/target.js";
import { FirewallLab, LAB, requireFirewall } from "../../support/firewall-lab.js";
import { alertOf, FakeClock, FakeFile, FakeLedger, rig } from "./support.js";

const PROGRAMS = {
  nft: "nftables",
  iptables: "iptables",
  ip6tables: "iptables",
  conntrack: "conntrack",
  ss: "iproute2",
};
const target = (text: string): Target => parseTarget(text) ?? assert.fail(text);
const attacker = target(LAB.attacker);
const many = (count: number, seconds: number) =>
  Array.from({ length: count }, (_, i) => ({
    ...{ target: target(`10.${80 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`), seconds, kind: "syn-scan" },
  }));

describe("firewall: between machines", () => {
  let lab: FirewallLab;
  const allow = AllowList.read([{ address: LAB.sensor, mac: LAB.sensorMac }]);
  const commands = () => firewallCommands(lab.namespace("gw"));
  const nft = (dropForged = true) => new NftBackend({ allow, dropForged, command: commands().nft });
  const iptables = () => new IptablesBackend({ allow, dropForged: true, commands: commands() });
  const dropped = async (backend: FirewallBackend) => (await backend.health()).dropped;

  before(async function () {
    requireFirewall(this, PROGRAMS);
    lab = await FirewallLab.build();
  });
  after(() => lab?.remove());

  describe("with nft", () => {
    let backend: NftBackend;
    beforeEach(async () => {
      backend = nft();
      await backend.check();
      await backend.install([]);
    });
    afterEach(() => backend.remove());

    it("drops the next connection of who is blocked, and lets go at once when told to", async () => {
      assert.equal(await lab.reaches("att"), true);
      await backend.block(attacker, 600, "syn-scan");
      assert.equal(await lab.connects("att"), false);
      assert.equal(await lab.reaches("sen"), true);
      assert.ok(((await dropped(backend))?.blocked ?? 0) > 0);
      const [listed] = (await backend.list()) ?? [];
      assert.deepEqual(listed?.target, attacker);
      assert.ok((listed?.remaining ?? 0) > 500 && (listed?.remaining ?? 0) <= 600);
      await backend.unblock([attacker, target("10.1.1.1")]);
      assert.equal(await lab.reaches("att"), true);
    });

    it("lets blocks end by themselves, and a new one counts from its own start", async () => {
      await backend.block(attacker, 600, "syn-scan");
      const before = performance.now();
      await backend.block(attacker, 2, "syn-scan");
      const [listed] = (await backend.list()) ?? [];
      // On a machine that was busy for two seconds it has ended already.
      const passed = (performance.now() - before) / 1000;
      assert.ok(listed ? (listed.remaining ?? 600) <= 2 : passed >= 2, `${listed?.remaining} s, ${passed} s later`);
      await lab.until(() => lab.connects("att"));
      assert.deepEqual(await backend.list(), []);
    });

    it("blocks IPv6 as well", async () => {
      assert.equal(await lab.reaches("att", LAB.gateway6), true);
      await backend.block(target(LAB.attacker6), 600, "syn-scan");
      assert.equal(await lab.connects("att", LAB.gateway6), false);
      assert.equal(await lab.reaches("att"), true);
    });

    it("keeps an allow-listed sensor working, even inside the set of those that are blocked", async () => {
      await backend.block(target(LAB.sensor), 600, "syn-scan");
      assert.equal(await lab.reaches("sen"), true);
      const open = new NftBackend({
        allow: AllowList.read([{ address: "10.79.0.0/26" }]),
        dropForged: true,
        command: commands().nft,
      });
      await open.install([{ target: target(LAB.sensor), seconds: 600, kind: "syn-scan" }]);
      assert.equal(await lab.reaches("sen"), true);
    });

    it("drops what another card sends in the sensor's name, while the sensor works", async () => {
      await lab.forgeSensor();
      assert.equal((await dropped(backend))?.forged, 500);
      assert.equal(await lab.reaches("sen"), true);
      const lenient = nft(false);
      await lenient.install([]);
      assert.deepEqual([(await lenient.health()).intact, (await backend.health()).intact], [true, false]);
    });

    it("stops an open session at once and closes it on both sides", async () => {
      const client = await lab.session("att", LAB.attacker);
      await backend.block(attacker, 600, "syn-scan");
      await lab.settled();
      const heard = lab.linesOf(LAB.attacker);
      assert.equal(await lab.connects("att"), false);
      await lab.settled();
      assert.equal(lab.linesOf(LAB.attacker), heard, "lines that came after the block");
      const ended = once(client, "close");
      const report = await closeSessions(commands(), attacker);
      assert.deepEqual([report.sockets, report.problems], [1, []]);
      await lab.until(() => lab.heard.includes(`${LAB.attacker} closed`));
      await ended;
      assert.deepEqual(await closeSessions(commands(), target(LAB.attacker6)), {
        sockets: 0,
        tracked: 0,
        problems: [],
      });
    });

    it("blocks a card in IP and in ARP, whatever address it takes", async () => {
      await backend.block(target(LAB.attackerMac), 600, "arp-spoofing");
      assert.equal(await lab.connects("att"), false);
      lab.call("att", ["ip", "addr", "add", "10.79.0.99/24", "dev", "eth0"]);
      lab.call("att", ["ip", "neigh", "flush", "dev", "eth0"]);
      assert.equal(await lab.connects("att"), false);
      assert.doesNotMatch(lab.call("att", ["ip", "neigh", "show", LAB.gateway]), /lladdr/);
      lab.call("att", ["ip", "addr", "del", "10.79.0.99/24", "dev", "eth0"]);
      await backend.unblock([target(LAB.attackerMac)]);
      assert.equal(await lab.reaches("att"), true);
    });

    it("takes 10,000 at once, and more than the set holds fails as a whole", async () => {
      await backend.install([...many(9_999, 600), { target: attacker, seconds: 600, kind: "syn-scan" }]);
      assert.equal((await backend.list())?.length, 10_000);
      assert.equal(await lab.connects("att"), false);
      await assert.rejects(backend.install(many(20_000, 600)), CommandError);
      assert.equal((await backend.list())?.length, 10_000);
      assert.equal(await lab.reaches("sen"), true);
    });

    it("touches nobody else's rules", async () => {
      lab.call("gw", ["nft", "add table inet others { set block4 { type ipv4_addr; elements = { 10.9.9.9 } }; }"]);
      const before = lab.call("gw", ["nft", "list", "table", "inet", "others"]);
      await backend.block(attacker, 600, "syn-scan");
      await backend.remove();
      assert.equal(lab.call("gw", ["nft", "list", "ruleset"]), before);
      assert.equal(await backend.list(), undefined);
      await backend.remove();
    });
  });

  describe("with iptables", () => {
    let backend: IptablesBackend;
    beforeEach(async () => {
      backend = iptables();
      await backend.check();
      await backend.install([]);
    });
    afterEach(() => backend.remove());

    it("blocks addresses and cards, and opens them again", async () => {
      for (const text of [LAB.attacker, LAB.attackerMac]) {
        assert.equal(await lab.reaches("att"), true);
        await backend.block(target(text));
        await backend.block(target(text));
        assert.equal(await lab.connects("att"), false);
        assert.equal(await lab.reaches("sen"), true);
        assert.deepEqual(await backend.list(), [{ target: target(text), remaining: undefined }]);
        await backend.unblock([target(text), target("10.1.1.1"), target("fd00::9")]);
        assert.deepEqual(await backend.list(), []);
      }
      await backend.block(target(LAB.attacker6));
      assert.equal(await lab.connects("att", LAB.gateway6), false);
      assert.equal(await lab.reaches("att"), true);
    });

    it("keeps the sensor working and drops what is sent in its name", async () => {
      await backend.block(target(LAB.sensor));
      assert.equal(await lab.reaches("sen"), true);
      await lab.forgeSensor();
      const counted = lab.call("gw", ["iptables", "-t", "raw", "-nvxL", "REDOUBT"]);
      assert.match(counted, new RegExp(`\\n +500 .*DROP.*${LAB.sensor.replaceAll(".", "\\.")}`));
    });

    it("notices that its rules were flushed, and takes all of them out", async () => {
      assert.equal((await backend.health()).intact, true);
      lab.call("gw", ["iptables", "-t", "raw", "-F", "REDOUBT"]);
      assert.equal((await backend.health()).intact, false);
      await backend.install([{ target: attacker, seconds: 60, kind: "syn-scan" }]);
      assert.deepEqual([(await backend.health()).intact, await lab.connects("att")], [true, false]);
      await backend.remove();
      assert.equal(lab.call("gw", ["iptables", "-t", "raw", "-S"]), "-P PREROUTING ACCEPT\n-P OUTPUT ACCEPT\n");
      assert.equal(await backend.list(), undefined);
    });

    it("ends blocks by our own timer, also one that ended while nobody ran", async () => {
      const clock = new FakeClock();
      const parts = { clock, file: new FakeFile(clock), ledger: new FakeLedger(), backend };
      const { blocker } = rig({}, parts);
      await blocker.start();
      await blocker.alert(alertOf(clock, { source: { address: LAB.attacker } }));
      assert.equal(await lab.connects("att"), false);
      clock.advance(60);
      assert.equal((await blocker.tick())[0]?.action, "expired");
      assert.equal(await lab.reaches("att"), true);
      await blocker.alert(alertOf(clock, { source: { address: LAB.attacker } }));
      assert.equal(await lab.connects("att"), false);
      clock.advance(601);
      const { acts } = await rig({}, parts).blocker.start();
      assert.deepEqual([acts.map(({ action }) => action), await backend.list()], [["expired"], []]);
      assert.equal(await lab.reaches("att"), true);
    });
  });

  it("finds after a restart what it had blocked, and mends what was flushed meanwhile", async () => {
    const clock = new FakeClock();
    const backend = nft();
    const parts = { clock, file: new FakeFile(clock), ledger: new FakeLedger(), backend };
    const first = rig({ closeSessions: (given) => closeSessions(commands(), given) }, parts).blocker;
    await first.start();
    const outcome = await first.alert(alertOf(clock, { source: { address: LAB.attacker } }));
    assert.deepEqual(outcome?.acts[0]?.sessions?.problems, []);
    await first.stop(false);
    assert.equal(await lab.connects("att"), false);
    await backend.block(target("10.1.1.1"), 300, "by-hand");
    clock.advance(10);
    const second = rig({}, parts).blocker;
    const { acts } = await second.start();
    assert.deepEqual(
      acts.map(({ action, target: text }) => [action, text]),
      [["adopted", "10.1.1.1"]],
    );
    lab.call("gw", ["nft", "flush", "ruleset"]);
    assert.equal(await lab.reaches("att"), true);
    clock.advance(16);
    assert.deepEqual(
      (await second.tick()).map(({ action }) => action),
      ["restored", "restored"],
    );
    assert.equal(await lab.connects("att"), false);
    await second.stop(true);
    assert.equal(lab.call("gw", ["nft", "list", "ruleset"]), "");
    assert.equal(await lab.reaches("att"), true);
  });

  it("works as nobody with CAP_NET_ADMIN, and is a dry run without", async () => {
    const as = (...capabilities: string[]) => {
      const user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", ...capabilities];
      const wrap = (program: string) => [...lab.on("gw"), ...user, program];
      return {
        ...commands(),
        nft: wrap("nft"),
        ss: wrap("ss"),
        conntrack: wrap("conntrack"),
        iptablesRestore: wrap("iptables-restore"),
      };
    };
    const options = { firewall: "nft", allow, dropForged: true, clock: systemClock } as const;
    const able = as("--inh-caps=-all,+net_admin", "--ambient-caps=+net_admin");
    const opened = await openFirewall({ ...options, commands: able });
    assert.deepEqual([opened.backend.name, opened.notice], ["nft", undefined]);
    await opened.backend.install([]);
    const client = await lab.session("att", LAB.attacker);
    await opened.backend.block(attacker, 600, "syn-scan");
    const report = await closeSessions(able, attacker);
    assert.deepEqual([report.sockets, report.problems], [1, []]);
    client.kill();
    await opened.backend.remove();
    for (const firewall of ["nft", "iptables"] as const) {
      const unable = await openFirewall({ ...options, firewall, commands: as("--inh-caps=-all") });
      assert.equal(unable.backend.name, "dry-run");
      assert.match(unable.notice ?? "", /dry run: .*CAP_NET_ADMIN/);
    }
    assert.equal(lab.call("gw", ["nft", "list", "ruleset"]), "");
    const failed = await closeSessions(as("--inh-caps=-all"), attacker);
    assert.ok(failed.problems.length > 0, JSON.stringify(failed));
    const absent = await openFirewall({ ...options, commands: { ...commands(), nft: ["redoubt-no-such-nft"] } });
    assert.match(absent.notice ?? "", /install the package nftables/);
  });
});
