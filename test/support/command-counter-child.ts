// Run by command-counters.test.ts: takes numbers and prints each one that it would send, until it is killed. With a count
// it takes one, waits for the end of its input, so that several begin together, and takes so many more.
import { readFileSync, writeSync } from "node:fs";
import { CommandCounters } from "../../lib/command/command-counters.js";

const counters = new CommandCounters(process.argv[2] as string);
const count = Number(process.argv[3] ?? Number.POSITIVE_INFINITY);
const take = () => writeSync(1, `${counters.next("pump")}\n`);
if (count < Number.POSITIVE_INFINITY) {
  take();
  readFileSync(0);
}
for (let i = 0; i < count; i++) take();
