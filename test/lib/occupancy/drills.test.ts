import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { occupancyKillDrill } from "../../support/occupancy-kill.js";
import { millionDrill } from "../../support/occupancy-million.js";

describe("occupancy drills, in small", function () {
  this.timeout(120_000);
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
    const settings = { kind: "sqlite", path: join(folder, "million.db") } as const;
    const result = await millionDrill(settings, folder, { sessions: 5000, queries: 300, seed: 5, progress: () => {} });
    assert.deepEqual([result.sessions, result.queries, result.wrong], [5000, 300, 0]);
  });
});
