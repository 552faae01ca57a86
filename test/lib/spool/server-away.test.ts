import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ServerAway, serverAway } from "../../support/server-away.js";

const MIB = 1_048_576;
/** Ten minutes in two seconds. */
const AWAY = { seed: 1, awaySec: 600, speed: 300, rateHz: 10 };

describe("a spool whose server is away", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-server-away-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const run = (more: Pick<ServerAway, "maxBytes" | "whenFull">) => serverAway({ folder, ...AWAY, ...more });

  it("grows, and delivers everything once afterwards", async () => {
    const { added, stored, dropped, waits } = await run({ maxBytes: 256 * MIB, whenFull: "reject" });
    assert.deepEqual([added, stored, dropped, waits], [6000, 6000, 0, 0]);
  });

  it("stays below its cap, and what is refused meanwhile comes through in the end", async () => {
    const { stored, dropped, waits } = await run({ maxBytes: 2 * MIB, whenFull: "reject" });
    assert.deepEqual([stored, dropped], [6000, 0]);
    assert.ok(waits > 0);
  });

  it("gives up the oldest ones where it is told to, and counts them", async () => {
    const { stored, dropped, waits, missing, newestMissing } = await run({ maxBytes: 2 * MIB, whenFull: "dropOldest" });
    assert.equal(waits, 0);
    assert.ok(dropped > 0 && missing <= dropped && newestMissing <= dropped, `${missing} missing, ${dropped} dropped`);
    assert.equal(stored, 6000 - missing);
  });
});
