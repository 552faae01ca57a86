// Accepts messages of one device until it is killed, and says after each how many.
import { countedVerifier, NOW, sealed, topicOf } from "../lib/verify/counted-fleet.js";
import { say } from "./say.js";

const verifier = countedVerifier(process.argv[2] as string);
for (let counter = 1; ; counter++) {
  const message = sealed("cose-1", { temperature: 20, timestamp: NOW / 1000 }, { counter });
  const result = verifier.verify(message, topicOf("cose-1"), NOW, { journal: "00112233aabbccdd", n: counter });
  if ("rejection" in result) throw result.rejection;
  say(String(counter));
}
