// Child of the queue's test: names each alert once it was taken over, until it is killed.
import { DurableQueue } from "../../../lib/notify/durable-queue.js";
import { say } from "../../support/say.js";
import { alertOf, NOON } from "./support.js";

const queue = new DurableQueue(process.argv[2] as string, 10_000);
for (let i = 0; ; i++) {
  queue.push([alertOf({ title: `alert ${i}` })], NOON);
  say(`alert ${i}`);
}
