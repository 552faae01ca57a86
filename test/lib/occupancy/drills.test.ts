import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { occupancyKillDrill } from "../../support/occupancy-kill.js";
import { millionDrill, WANTED } from "../../support/occupancy-million.js";
import { tracesIn, tracesInFiles } from "../../support/traces.js";

describe("occupancy drills, in small", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-occupancy-drills-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("lose no acknowledged session and repeat none when the process is killed", async () => {
    const settings = { kind: "sqlite", path: join(folder, "kill.db") } as const;
    const { acknowledged, stored } = await occupancyKillDrill(4, settings, folder, 5);
    assert.ok(acknowledged > 0 && stored >= acknowledged);
  });

  it("answer as plaintext SQL does", async () => {
    const own = mkdtempSync(join(folder, "million-"));
    const settings = { kind: "sqlite", path: join(own, "million.db") } as const;
    const stolen = { folder: own, dump: () => Buffer.alloc(0) };
    const counts = { sessions: 5000, queries: 300, seed: 5, progress: () => {} };
    const result = await millionDrill(settings, stolen, folder, counts);
    assert.deepEqual([result.sessions, result.queries, result.wrong], [5000, 300, 0]);
    assert.ok(result.searched > 1_000_000);
  });

  it("would find a name or a MAC, however it is written", () => {
    const [mac, name] = ["5afec0000007", "floor-03-ap-7"];
    const noise = randomBytes(5000);
    const around = (what: Buffer | string) => Buffer.concat([noise, Buffer.from(what), noise]);
    const colons = mac.replace(/..\B/g, "$&:");
    for (const what of [
      Buffer.from(mac, "hex"),
      ...[mac, colons, colons.replaceAll(":", "-"), name, Buffer.from(name).toString("hex")].flatMap((text) => [
        text,
        text.toUpperCase(),
      ]),
    ]) {
      assert.equal(tracesIn(around(what), WANTED).length, 1, String(what));
    }
    assert.deepEqual(tracesIn(around("5afec000ffff"), WANTED), []);
    const path = join(mkdtempSync(join(folder, "traces-")), "file");
    // On the border of two parts.
    const large = Buffer.alloc((64 << 20) + 100);
    large.write(name, (64 << 20) - 3);
    writeFileSync(path, large);
    assert.equal(tracesInFiles(dirname(path), WANTED).found.length, 1);
  });
});
