// Run by trail.test.ts: writes verdicts as fast as it can until it is killed. Numbers go on where the files end.
import { AuditTrail } from "../../../lib/audit/audit-trail.js";
import { verdictNumber } from "./verdicts.js";

const [, , folder, first] = process.argv as [string, string, string, string];
const trail = new AuditTrail({ folder, name: "killed", maxBytes: 400_000, maxFiles: 1000, flushMs: 5 });
let next = Number(first);

async function write(): Promise<never> {
  await trail.start();
  for (;;) {
    for (let i = 0; i < 300; i++) trail.write(verdictNumber(next++));
    await trail.flush();
    process.stdout.write(".");
  }
}

write();
