// Run by command-counters.test.ts: takes numbers and prints each one that it would send, until it is killed.
import { writeSync } from "node:fs";
import { CommandCounters } from "../../lib/command/command-counters.js";

const counters = new CommandCounters(process.argv[2] as string);
for (;;) writeSync(1, `${counters.next("pump")}\n`);
