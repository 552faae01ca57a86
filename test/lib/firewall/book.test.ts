import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { FirewallName } from "../../../lib/common/firewall.js";
import type { ListedTarget } from "../../../lib/firewall/backend.js";
import { BookFile, decodeBook, encodeBook, type SavedBook } from "../../../lib/firewall/book-file.js";
import { DryRunBackend } from "../../../lib/firewall/dry-run-backend.js";
import { parseTarget, type Target } from "../../../lib/firewall/target.js";
import { hostileJson } from "../envelope/hostile-json.js";
import { alertOf, FakeClock, FakeFile, FakeLedger, rig } from "./support.js";

const SEED = { seed: 6, numRuns: 300 };
const target = (text: string): Target => parseTarget(text) ?? assert.fail(text);
const source = (address: string) => ({ source: { address } });

/** A firewall of another name that only remembers. */
class FakeFirewall extends DryRunBackend {
  intact = true;
  removed = 0;

  constructor(
    clock: FakeClock,
    override readonly name: "dry-run" = "nft" as FirewallName as "dry-run",
  ) {
    super(clock);
  }

  override async health() {
    return { intact: this.intact, dropped: { blocked: 7, forged: 1 } };
  }

  override async install(...args: Parameters<DryRunBackend["install"]>) {
    this.intact = true;
    await super.install(...args);
  }

  override async remove() {
    this.removed++;
    await super.remove();
  }

  async texts(): Promise<string[]> {
    return (await this.list()).map(({ target: { text } }: ListedTarget) => text).sort();
  }
}

describe("firewall: the book after a restart", () => {
  let clock: FakeClock;
  let file: FakeFile;
  let ledger: FakeLedger;
  let backend: FakeFirewall;
  beforeEach(() => {
    clock = new FakeClock();
    file = new FakeFile(clock);
    ledger = new FakeLedger();
    backend = new FakeFirewall(clock);
  });
  const again = (more: Parameters<typeof rig>[0] = {}) => rig(more, { clock, file, ledger, backend }).blocker;

  it("blocks again for the time that was left, and remembers who was blocked before", async () => {
    const first = again();
    await first.start();
    await first.alert(alertOf(clock, source("10.88.0.1")));
    await first.alert(alertOf(clock, source("2001:db8:8::1")));
    clock.advance(20);
    await first.stop(false);
    await backend.remove();
    // The machine's monotonic clock begins anew with each boot.
    clock.mono = 10;
    clock.wall += 5_000;
    const second = again();
    const { acts } = await second.start();
    assert.deepEqual(
      acts.map(({ action, target: text, remaining }) => [action, text, remaining]),
      [
        ["restored", "10.88.0.1", 35],
        ["restored", "2001:db8:8::1", 35],
      ],
    );
    assert.deepEqual(await backend.texts(), ["10.88.0.1", "2001:db8:8::1"]);
    clock.advance(36);
    assert.equal((await second.tick()).length, 2);
    assert.equal((await second.alert(alertOf(clock, source("10.88.0.1"))))?.acts[0]?.seconds, 600);
  });

  it("forgets what ended while it was away, and no block is longer because a clock was set back", async () => {
    const first = again();
    await first.start();
    await first.alert(alertOf(clock, source("10.88.0.1")));
    clock.wall += 61_000;
    const { acts } = await again().start();
    assert.deepEqual([acts[0]?.action, await backend.texts()], ["expired", []]);
    const third = again();
    await third.start();
    await third.alert(alertOf(clock, source("10.88.0.2")));
    clock.wall -= 86_400_000;
    await again().start();
    assert.equal((await backend.list())[0]?.remaining, 60);
  });

  it("takes what it finds into the book, unless it must not be blocked", async () => {
    await backend.block(target("10.88.0.9"), 300);
    await backend.block(target("10.77.0.254"), 300);
    const blocker = again();
    const { acts } = await blocker.start();
    assert.deepEqual(
      acts.map(({ action, target: text, remaining }) => [action, text, remaining]),
      [["adopted", "10.88.0.9", 300]],
    );
    assert.deepEqual(await backend.texts(), ["10.88.0.9"]);
    await backend.block(target("10.88.0.10"), 200);
    await backend.block(target("10.77.0.1"), 200);
    clock.advance(16);
    const found = await blocker.tick();
    assert.deepEqual(
      [found.map(({ action }) => action), await backend.texts()],
      [["adopted"], ["10.88.0.10", "10.88.0.9"]],
    );
    assert.deepEqual(ledger.actions, ["adopted", "adopted"]);
  });

  it("writes its rules again after somebody flushed them, and leaves out what somebody took out", async () => {
    const blocker = again();
    await blocker.start();
    for (const last of [1, 2]) await blocker.alert(alertOf(clock, source(`10.88.0.${last}`)));
    await backend.unblock([target("10.88.0.1")]);
    clock.advance(16);
    assert.deepEqual(
      (await blocker.tick()).map(({ action, target: text }) => [action, text]),
      [["removed", "10.88.0.1"]],
    );
    assert.deepEqual(blocker.snapshot().dropped, { blocked: 7, forged: 1 });
    await backend.unblock([target("10.88.0.2")]);
    backend.intact = false;
    clock.advance(16);
    assert.deepEqual(
      (await blocker.tick()).map(({ action, target: text }) => [action, text]),
      [["restored", "10.88.0.2"]],
    );
    assert.deepEqual(await backend.texts(), ["10.88.0.2"]);
  });

  it("opens everything when it is switched to a dry run, and takes nothing from a dry run", async () => {
    const live = again();
    await live.start();
    await live.alert(alertOf(clock));
    const dry = rig({ openBackend: () => backend }, { clock, file, ledger }).blocker;
    const { acts } = await dry.start();
    assert.deepEqual(
      acts.map(({ action, firewall }) => [action, firewall]),
      [["switched-off", "nft"]],
    );
    assert.deepEqual([backend.removed, dry.snapshot().total], [1, 0]);
    await dry.alert(alertOf(clock));
    const back = again();
    assert.equal((await back.start()).acts[0]?.dryRun, true);
    assert.deepEqual([await backend.texts(), back.snapshot().total], [[], 0]);
    assert.equal((await back.alert(alertOf(clock)))?.acts[0]?.seconds, 60);
    assert.deepEqual(ledger.actions, ["blocked", "switched-off", "blocked", "blocked"]);
  });

  it("takes its rules out when the node is deleted, and leaves them when it is deployed anew", async () => {
    const blocker = again();
    await blocker.start();
    await blocker.alert(alertOf(clock));
    await blocker.stop(false);
    assert.equal(backend.removed, 0);
    await blocker.stop(true);
    assert.deepEqual([backend.removed, blocker.snapshot().total, ledger.actions.at(-1)], [1, 0, "switched-off"]);
  });

  it("keeps a block in the book while the firewall does not let go of it", async () => {
    const blocker = again();
    await blocker.start();
    await blocker.alert(alertOf(clock));
    Object.assign(backend, { endsByItself: false });
    const unblock = backend.unblock;
    backend.unblock = () => Promise.reject(new Error("the lock is held"));
    clock.advance(61);
    for (let i = 0; i < 3; i++) assert.deepEqual(await blocker.tick(), []);
    assert.match(blocker.snapshot().problem ?? "", /lock is held/);
    backend.unblock = unblock;
    assert.equal((await blocker.tick())[0]?.action, "expired");
    assert.deepEqual([blocker.snapshot().problem, ledger.actions], [null, ["blocked", "expired"]]);
  });
});

describe("firewall: the state file", () => {
  let folder: string;
  const clock = new FakeClock();
  const saved: SavedBook = {
    firewall: "nft",
    blocks: ["10.88.0.1", "2001:db8::5", "02:00:00:00:00:66"].map((text, i) => ({
      ...{ target: target(text), since: clock.wall, seconds: 60, endsAt: clock.mono + 60_000 - i, strikes: 1 },
      ...{ kind: "syn-scan", alert: "a1", reason: "60 ports" },
    })),
    offenders: [["10.88.0.1", { strikes: 2, at: clock.wall, pardonedUntil: 0 }]],
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-firewall-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("is private, and read as it was written", () => {
    const file = new BookFile(folder, "node-1", clock);
    assert.deepEqual(file.load(), {});
    file.save(saved);
    assert.equal(statSync(file.path).mode & 0o777, 0o600);
    assert.deepEqual(file.load().book, saved);
    assert.ok(new BookFile(folder, "../../etc/passwd", clock).path.startsWith(folder));
  });

  it("is kept aside where it is broken", () => {
    const file = new BookFile(folder, "node-1", clock);
    writeFileSync(file.path, '{"version":1,"firewall":"nft","blocks":[{"target":"10.0.0.5; rm -rf"}],"offenders":[]}');
    assert.match(file.load().problem ?? "", /cannot be used.*\.broken/);
    assert.ok(!existsSync(file.path) && readFileSync(`${file.path}.broken`, "utf8").includes("rm -rf"));
    assert.deepEqual(file.load(), {});
  });

  it("gives nothing but targets, whatever is in it", () => {
    const bytes = Buffer.from(encodeBook(saved, clock));
    const check = (input: string | Buffer) => {
      let book: SavedBook;
      try {
        book = decodeBook(input, clock);
      } catch (error) {
        assert.ok(error instanceof Error && !(error instanceof TypeError) && !(error instanceof RangeError));
        return;
      }
      for (const block of book.blocks) {
        assert.deepEqual(parseTarget(block.target.text), block.target);
        assert.ok(block.endsAt - clock.mono <= 86_400_000);
      }
      for (const [text] of book.offenders) assert.ok(parseTarget(text));
    };
    fc.assert(fc.property(hostileJson, check), SEED);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.boolean(), (at, byte, isCut) => {
        const mutated = Buffer.from(isCut ? bytes.subarray(0, at) : bytes);
        if (!isCut) mutated[at] = byte;
        check(mutated);
      }),
      SEED,
    );
    const rows = fc.record({ target: fc.oneof(fc.ipV4(), fc.string()), until: fc.double(), seconds: fc.double() });
    fc.assert(
      fc.property(fc.array(rows), (blocks) => check(JSON.stringify({ ...JSON.parse(bytes.toString()), blocks }))),
      SEED,
    );
  });
});
