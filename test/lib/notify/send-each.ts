// Child of the trust test: sends one alert by each channel that is described on standard input, and prints the outcomes.
import { readFileSync } from "node:fs";
import { openChannel } from "../../../lib/notify/open-channel.js";
import { readChannelSettings } from "../../../lib/notify/read-channel.js";
import { alertOf } from "./support.js";

async function outcome({ raw, credentials }: { raw: Record<string, unknown>; credentials: Record<string, string> }) {
  const channel = openChannel(readChannelSettings(raw, credentials, "1.0"));
  try {
    await channel.send(alertOf(), AbortSignal.timeout(60_000));
    return "delivered";
  } catch (error) {
    return (error as Error).message;
  } finally {
    await channel.close();
  }
}

async function main() {
  const outcomes: string[] = [];
  for (const each of JSON.parse(readFileSync(0, "utf8"))) outcomes.push(await outcome(each));
  console.log(JSON.stringify(outcomes));
}

main();
