// Run by ledger-kill.ts: appends events in groups of changing size, and prints a line for each receipt, until it is
// killed. What it has printed is acknowledged.
import { join } from "node:path";
import { Ledger } from "../../lib/ledger/ledger.js";
import { trustLogic } from "../../lib/trust/logic.js";
import { eventNumber, ORIGIN, rulesEvent } from "./ledgers.js";
import { say } from "./say.js";

const folder = process.argv[2] as string;
const ledger = Ledger.open({
  path: join(folder, "ledger.db"),
  keyPath: join(folder, "log.pem"),
  origin: ORIGIN,
  trust: trustLogic,
  checkpointIntervalSec: 0,
});
if (ledger.size === 0) ledger.append([rulesEvent]);

for (let round = 0; ; round++) {
  const events = Array.from({ length: 1 + (round % 40) }, (_, i) => eventNumber(ledger.size + i));
  for (const { index, leafHash, checkpoint } of ledger.append(events)) {
    say(`${index} ${leafHash} ${checkpoint.size} ${checkpoint.rootHash}`);
  }
}
