// Run by first-opening.test.ts in several processes at once: makes databases, a ledger, keys and logins that are not there
// yet, each at the same moment as the others, and prints what it found.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createLogins } from "../../lib/access/logins.js";
import { openDatabase } from "../../lib/common/sqlite.js";
import { loadOrCreateKeyFile } from "../../lib/envelope/key-file.js";
import { keyFingerprint } from "../../lib/envelope/key-ring.js";
import { Ledger } from "../../lib/ledger/ledger.js";
import { OccupancyStore } from "../../lib/occupancy/occupancy-store.js";
import { trustLogic } from "../../lib/trust/logic.js";
import { eventNumber, ORIGIN } from "./ledgers.js";
import { MASTER, macOf, OCTOBER } from "./occupancy.js";

const PATIENCE_MS = 100_000;
const [root = "", rounds = "0", own = "0", of = "0"] = process.argv.slice(2);
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Returns when all processes are here. */
function meet(place: string): void {
  const files = Array.from({ length: Number(of) }, (_, i) => join(root, `${place}-${i}`));
  writeFileSync(files[Number(own)] as string, "");
  for (const deadline = performance.now() + PATIENCE_MS; !files.every((file) => existsSync(file)); ) {
    if (performance.now() > deadline) throw new Error("the others do not come");
    Atomics.wait(sleeper, 0, 0, 1);
  }
}

async function main(): Promise<void> {
  for (let round = 0; round < Number(rounds); round++) {
    const folder = join(root, String(round));
    mkdirSync(folder, { recursive: true });
    meet(`${round}-database`);
    const database = openDatabase(join(folder, "a.db"));
    database.exec("CREATE TABLE IF NOT EXISTS t (who INTEGER)");
    database.prepare("INSERT INTO t VALUES (?)").run(Number(own));
    database.close();

    meet(`${round}-ledger`);
    const paths = { path: join(folder, "ledger.db"), keyPath: join(folder, "log.pem") };
    const ledger = Ledger.open({ ...paths, origin: ORIGIN, trust: trustLogic });
    ledger.append([eventNumber(Number(own))]);
    const { vkey } = ledger;
    ledger.close();

    meet(`${round}-key`);
    const key = keyFingerprint(loadOrCreateKeyFile(join(folder, "a.key"), "aes-256").primary);

    meet(`${round}-occupancy`);
    const store = OccupancyStore.open({
      store: { kind: "sqlite", path: join(folder, "occupancy.db") },
      masters: [MASTER],
      ingest: { batchMs: 1 },
    });
    await store.ingest([{ mac: macOf(Number(own)), ap: "a", start: OCTOBER, duration: 60 }]);
    await store.close();
    console.log(JSON.stringify({ vkey, key }));
  }
  meet("logins");
  createLogins(root);
}

void main();
