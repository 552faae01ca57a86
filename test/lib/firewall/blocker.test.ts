import assert from "node:assert/strict";
import type { NetworkAlert } from "../../../lib/common/network.js";
import { Rejection } from "../../../lib/common/rejection.js";
import { AllowList } from "../../../lib/firewall/allow-list.js";
import { DryRunBackend } from "../../../lib/firewall/dry-run-backend.js";
import { RefusedBlock } from "../../../lib/firewall/refusal.js";
import { alertOf, FACTS, FakeClock, rig } from "./support.js";

const source = (address: string, mac?: string) => ({ source: mac === undefined ? { address } : { address, mac } });
const policy = (more: object = {}) => ({
  policy: { allow: AllowList.empty, linkLocal: false, minSeverity: "warning" as const, unusual: false, ...more },
});
const refusalOf = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => assert.fail("it was not refused"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof RefusedBlock, String(error));
  return error.refusal;
};

describe("firewall: who is blocked", () => {
  it("blocks a proved source, records it first and says for how long", async () => {
    const { blocker, clock, ledger, file, backend } = rig();
    await blocker.start();
    const outcome = await blocker.alert(alertOf(clock));
    const act = outcome?.acts[0] ?? assert.fail();
    assert.deepEqual([act.action, act.target, act.seconds, act.remaining], ["blocked", "10.77.0.66", 60, 60]);
    assert.deepEqual([act.until - act.since, act.strikes, act.dryRun], [60_000, 1, true]);
    assert.equal(outcome?.receipt?.index, 0);
    assert.deepEqual(ledger.events[0]?.detail?.target, "10.77.0.66");
    assert.match(file.text ?? "", /10\.77\.0\.66/);
    assert.equal((await backend.list())?.length, 1);
  });

  it("records before it acts, and does nothing that is not on record", async () => {
    const clock = new FakeClock();
    const order: string[] = [];
    const backend = new DryRunBackend(clock);
    const act = backend.block.bind(backend);
    backend.block = async (...args) => {
      order.push("firewall");
      return act(...args);
    };
    const { blocker, ledger, file } = rig({}, { clock, backend });
    const append = ledger.append;
    const watch: typeof append = (events) => {
      order.push("ledger");
      return append(events);
    };
    const watched = rig({ append: watch }, { clock, backend, ledger, file });
    await watched.blocker.start();
    await watched.blocker.alert(alertOf(clock));
    assert.deepEqual(order, ["ledger", "firewall"]);
    ledger.broken = true;
    await assert.rejects(blocker.alert(alertOf(clock, source("10.77.0.67"))), /disk is full/);
    assert.deepEqual(order, ["ledger", "firewall"]);
    assert.equal(blocker.snapshot().total, 0);
    assert.match(blocker.snapshot().problem ?? "", /ledger: the disk is full/);
  });

  it("blocks nobody whom it could not write down", async () => {
    const { blocker, clock, file, backend, ledger } = rig();
    await blocker.start();
    file.broken = true;
    await assert.rejects(blocker.alert(alertOf(clock)), /no space left/);
    assert.deepEqual([await backend.list(), blocker.snapshot().total], [[], 0]);
    assert.deepEqual(ledger.actions, ["blocked", "failed"]);
  });

  it("never blocks whom it must not, and names the reason", async () => {
    const allow = AllowList.read([
      { address: "10.77.0.10", mac: "02:00:00:00:00:10" },
      { address: "10.78.0.0/16" },
      { address: "2001:db8:5::/48" },
    ]);
    const { blocker, clock } = rig(policy({ allow }));
    await blocker.start();
    const arp = { kind: "arp-spoofing", proof: "link-layer" } as const;
    const cases: [Partial<NetworkAlert>, string][] = [
      [source("10.77.0.10"), "allow-listed"],
      [source("10.77.0.10", "02:00:00:00:00:66"), "allow-listed"],
      [source("10.78.200.9"), "allow-listed"],
      [source("2001:db8:5::9"), "allow-listed"],
      [source("10.77.0.1"), "own-address"],
      [source("2001:db8::1"), "own-address"],
      [source("10.77.0.254"), "gateway"],
      [source("10.77.0.53"), "resolver"],
      [source("10.77.0.255"), "broadcast"],
      [source("127.0.0.1"), "loopback"],
      [source("::1"), "loopback"],
      [source("224.0.0.251"), "multicast"],
      [source("ff02::1"), "multicast"],
      [source("255.255.255.255"), "broadcast"],
      [source("0.0.0.0"), "unspecified"],
      [source("169.254.9.9"), "link-local"],
      [source("fe80::9"), "link-local"],
      [source("240.1.1.1"), "reserved"],
      [{ proof: "none" }, "no-proof"],
      [{ proof: "link-layer" }, "no-proof"],
      [{ kind: "syn-flood", proof: "none", ...source("") }, "forged-source"],
      [{ kind: "spoofed-syn-flood", proof: "handshake" }, "forged-source"],
      [{ kind: "unusual-flow" }, "unusual-only"],
      [{ kind: "unexpected-peer" }, "unusual-only"],
      [{ lastSeen: clock.wall / 1000 - 61 }, "stale"],
      [{ lastSeen: clock.wall / 1000 + 61 }, "stale"],
      [{ ...arp, proof: "handshake" }, "no-proof"],
      [{ ...arp, ...source("10.77.0.66") }, "no-mac"],
      [{ ...arp, ...source("10.77.0.10", "02:00:00:00:00:10") }, "allow-listed"],
      [{ ...arp, ...source("10.77.0.9", "02:00:00:00:00:fe") }, "gateway"],
      [{ ...arp, ...source("10.77.0.9", "02:00:00:00:00:01") }, "own-address"],
    ];
    for (const [more, reason] of cases) {
      assert.equal(await refusalOf(blocker.alert(alertOf(clock, more))), reason, JSON.stringify(more));
    }
    const { total, refused } = blocker.snapshot();
    assert.equal(total, 0);
    assert.equal(refused["allow-listed"], 5);
  });

  it("blocks by settings what it else leaves alone", async () => {
    const { blocker, clock } = rig(policy({ linkLocal: true, unusual: true }));
    await blocker.start();
    for (const more of [source("fe80::9"), { kind: "unusual-flow" as const, ...source("10.77.0.9") }]) {
      assert.equal((await blocker.alert(alertOf(clock, more)))?.acts[0]?.action, "blocked");
    }
    const strict = rig(policy({ minSeverity: "critical" }));
    await strict.blocker.start();
    assert.equal(await refusalOf(strict.blocker.alert(alertOf(clock, { severity: "warning" }))), "minor");
  });

  it("blocks the card, never the address, of who forges ARP", async () => {
    const { blocker, clock } = rig();
    await blocker.start();
    // The address is its victim's.
    const more = { kind: "arp-spoofing", proof: "link-layer", ...source("10.77.0.254", "02:00:00:00:00:66") } as const;
    assert.equal((await blocker.alert(alertOf(clock, more)))?.acts[0]?.target, "02:00:00:00:00:66");
    assert.equal(blocker.snapshot().total, 1);
  });

  it("blocks nobody where the machine's own addresses cannot be read", async () => {
    const { blocker, clock } = rig({
      machine: {
        facts: () => {
          throw new Error("no /proc");
        },
      },
    });
    await blocker.start();
    assert.equal(await refusalOf(blocker.alert(alertOf(clock))), "machine-unknown");
  });

  it("says what is wrong with an alert that is none", async () => {
    const { blocker, clock, ledger } = rig();
    await blocker.start();
    const code = async (value: unknown) => {
      const error = await blocker.alert(value).catch((thrown: unknown) => thrown);
      assert.ok(error instanceof Rejection, String(error));
      return error.code;
    };
    assert.equal(await code(alertOf(clock, source("10.0.0.5; rm -rf"))), "FORMAT");
    assert.equal(await code(alertOf(clock, source("10.0.0.0/8"))), "FORMAT");
    assert.equal(await code(alertOf(clock, source("10.77.0.66", "02:00:00:00:00:66\n"))), "FORMAT");
    assert.equal(await code({ ...alertOf(clock), kind: "looks-bad" }), "SCHEMA");
    assert.equal(await code({ ...alertOf(clock), lastSeen: Number.NaN }), "SCHEMA");
    for (const value of [null, undefined, 5, "10.0.0.5", [], {}]) assert.equal(await code(value), "SCHEMA");
    assert.equal(ledger.events.length, 0);
  });

  it("acts once per address, however many alerts there are", async () => {
    const { blocker, clock, ledger } = rig();
    await blocker.start();
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, i) => blocker.alert(alertOf(clock, { id: `a${i}` }))),
    );
    assert.equal(outcomes.filter((outcome) => outcome !== undefined).length, 1);
    assert.equal(await blocker.alert(alertOf(clock, { phase: "ended", ...source("10.77.0.67") })), undefined);
    assert.deepEqual(ledger.actions, ["blocked"]);
  });
});

describe("firewall: for how long", () => {
  it("ends blocks, makes each one in a row longer, and forgets with time", async () => {
    const { blocker, clock, ledger } = rig();
    await blocker.start();
    const given: number[] = [];
    for (let i = 0; i < 5; i++) {
      const act = (await blocker.alert(alertOf(clock, { id: `a${i}` })))?.acts[0] ?? assert.fail();
      given.push(act.seconds);
      clock.advance(act.seconds - 1);
      assert.deepEqual(await blocker.tick(), []);
      clock.advance(1);
      const [ended] = await blocker.tick();
      assert.deepEqual([ended?.action, ended?.remaining, ended?.strikes], ["expired", 0, i + 1]);
    }
    assert.deepEqual(given, [60, 600, 3600, 86_400, 86_400]);
    clock.advance(3 * 86_400);
    assert.equal((await blocker.alert(alertOf(clock)))?.acts[0]?.seconds, 3600);
    assert.deepEqual(ledger.actions.slice(0, 3), ["blocked", "expired", "blocked"]);
  });

  it("opens the circuit at 20 new blocks a minute, and closes it again", async () => {
    const { blocker, clock } = rig();
    await blocker.start();
    const attempt = (i: number) => blocker.alert(alertOf(clock, source(`10.88.${i >> 8}.${i & 255 || 1}`)));
    for (let i = 1; i <= 20; i++) {
      await attempt(i);
      clock.advance(1);
    }
    assert.equal(blocker.snapshot().breaker.open, true);
    for (let i = 21; i <= 40; i++) assert.equal(await refusalOf(attempt(i)), "breaker");
    clock.advance(40);
    assert.equal((await attempt(21))?.acts[0]?.action, "blocked");
    assert.equal(await refusalOf(attempt(22)), "breaker");
    assert.equal(blocker.snapshot().breaker.recent, 20);
    assert.equal(blocker.snapshot().refused.breaker, 21);
  });

  it("counts no block that did not happen", async () => {
    const { blocker, clock, ledger } = rig({ perMinute: 1 });
    await blocker.start();
    ledger.broken = true;
    for (let i = 0; i < 3; i++) await assert.rejects(blocker.alert(alertOf(clock)), /disk is full/);
    ledger.broken = false;
    assert.equal((await blocker.alert(alertOf(clock)))?.acts[0]?.action, "blocked");
  });

  it("makes room for a new one by ending the one heard of least recently", async () => {
    const { blocker, clock, backend } = rig({ maxBlocked: 3, perMinute: 100 });
    await blocker.start();
    for (const last of [1, 2, 3]) await blocker.alert(alertOf(clock, source(`10.88.0.${last}`)));
    await blocker.alert(alertOf(clock, { phase: "continues", ...source("10.88.0.1") }));
    const outcome = await blocker.alert(alertOf(clock, source("10.88.0.4")));
    assert.deepEqual(
      outcome?.acts.map(({ action, target }) => [action, target]),
      [
        ["evicted", "10.88.0.2"],
        ["blocked", "10.88.0.4"],
      ],
    );
    const listed = (await backend.list())?.map(({ target }) => target.text).sort();
    assert.deepEqual(listed, ["10.88.0.1", "10.88.0.3", "10.88.0.4"]);
  });

  it("opens for an operator, and the same alert does not undo it for an hour", async () => {
    const { blocker, clock, ledger } = rig();
    await blocker.start();
    await blocker.alert(alertOf(clock));
    const payload = { target: "10.77.0.66", reason: "our own scanner" };
    const { acts } = await blocker.unblock({ payload, _client: { user: { username: "ada" } } } as object);
    assert.deepEqual([acts[0]?.action, acts[0]?.by, acts[0]?.because], ["unblocked", "ada", "our own scanner"]);
    assert.equal(ledger.events.at(-1)?.detail?.by, "ada");
    clock.advance(3599);
    assert.equal(await refusalOf(blocker.alert(alertOf(clock))), "pardoned");
    clock.advance(2);
    assert.equal((await blocker.alert(alertOf(clock)))?.acts[0]?.seconds, 60);
    const everything = await blocker.unblock({ payload: { all: true, reason: "wrong threshold" } });
    assert.equal(everything.acts.length, 1);
  });

  it("refuses an operator's request from the network, without a reason, or for nobody", async () => {
    const { blocker, clock } = rig();
    await blocker.start();
    await blocker.alert(alertOf(clock));
    const code = async (msg: object) => {
      const error = await blocker.unblock(msg).catch((thrown: unknown) => thrown);
      assert.ok(error instanceof Rejection, String(error));
      return error.code;
    };
    const reason = "because";
    assert.equal(await code({ qos: 0, payload: { target: "10.77.0.66", reason } }), "AUTH");
    assert.equal(await code({ req: {}, payload: { all: true, reason } }), "AUTH");
    assert.equal(await code({ payload: { target: "10.77.0.66", reason: " " } }), "SCHEMA");
    assert.equal(await code({ payload: { target: "10.77.0.66", reason: "x".repeat(301) } }), "SIZE");
    assert.equal(await code({ payload: { target: "$(reboot)", reason } }), "FORMAT");
    assert.equal(await code({ payload: { target: "10.77.0.67", reason } }), "RANGE");
    assert.equal(await code({ payload: "10.77.0.66" }), "SCHEMA");
    assert.equal(blocker.snapshot().total, 1);
  });

  it("opens although the ledger is out of order, and records it late", async () => {
    const { blocker, clock, ledger } = rig();
    await blocker.start();
    await blocker.alert(alertOf(clock));
    ledger.broken = true;
    const { acts } = await blocker.unblock({ payload: { target: "10.77.0.66", reason: "innocent" } });
    assert.equal(acts[0]?.action, "unblocked");
    assert.equal(blocker.snapshot().total, 0);
    ledger.broken = false;
    clock.advance(1);
    await blocker.tick();
    assert.deepEqual(ledger.actions, ["blocked", "unblocked"]);
  });

  it("sums refusals up once a minute", async () => {
    const { blocker, clock, ledger } = rig();
    await blocker.start();
    for (let i = 0; i < 200; i++) await refusalOf(blocker.alert(alertOf(clock, { proof: "none" })));
    await refusalOf(blocker.alert(alertOf(clock, source("127.0.0.1"))));
    await blocker.tick();
    assert.equal(ledger.events.length, 0);
    clock.advance(60);
    await blocker.tick();
    clock.advance(60);
    await blocker.tick();
    assert.equal(ledger.events.length, 1);
    const detail = ledger.events[0]?.detail;
    assert.deepEqual(
      [detail?.counts, detail?.targets],
      [{ "no-proof": 200, loopback: 1 }, ["10.77.0.66", "127.0.0.1"]],
    );
  });

  it("opens what has become an address that must not be blocked", async () => {
    let facts = FACTS;
    const { blocker, clock } = rig({ machine: { facts: () => facts } });
    await blocker.start();
    await blocker.alert(alertOf(clock));
    facts = { ...FACTS, gateways: new Set(["10.77.0.66"]) };
    clock.advance(16);
    const [act] = await blocker.tick();
    assert.deepEqual([act?.action, act?.target, blocker.snapshot().total], ["protected", "10.77.0.66", 0]);
  });
});
