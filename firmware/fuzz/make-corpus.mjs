// Writes the vectors as seed corpora of the fuzzers: node make-corpus.mjs <cose-a128gcm.json> <folder>
import { createDecipheriv, hkdfSync } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [input, output] = process.argv.slice(2);
const vectors = JSON.parse(readFileSync(input, "utf8"));

function save(fuzzer, seeds) {
  const folder = join(output, fuzzer);
  mkdirSync(folder, { recursive: true });
  for (const [index, seed] of seeds.entries()) writeFileSync(join(folder, `vector-${index}`), seed);
}

/** The JSON inside of a message of the vectors; undefined where the key does not open it. */
function plaintextOf({ deviceKey, topic, message }) {
  const bytes = Buffer.from(message, "hex");
  const kidAt = bytes.indexOf(Buffer.from("a304", "hex")) + 2;
  const kidLength = (bytes[kidAt] ?? 0) & 0x3f;
  if (kidAt < 2 || kidLength > 23) return undefined;
  const kid = bytes.subarray(kidAt + 1, kidAt + 1 + kidLength);
  const numberAt = kidAt + 1 + kidLength + 2;
  const bootId = bytes.subarray(numberAt + 10, numberAt + 18);
  const head = bytes[numberAt + 18] === 0x59 ? 3 : 2;
  const sealed = bytes.subarray(numberAt + 18 + head);
  if (bootId.length < 8 || sealed.length < 16) return undefined;
  const epoch = Buffer.alloc(4);
  epoch.writeUInt32BE(Number(kid.toString().split(":")[1] ?? 0) >>> 0);
  const info = Buffer.concat([Buffer.from("env/v1"), Buffer.from([kid.length]), kid, epoch]);
  const derived = Buffer.from(hkdfSync("sha256", Buffer.from(deviceKey, "hex"), bootId, info, 28));
  const nonce = derived.subarray(16);
  for (let index = 0; index < 8; index++) nonce[4 + index] ^= bytes[numberAt + index];
  const path = Buffer.from(topic.split("/").slice(-2).join("/"));
  const aad = Buffer.concat([
    Buffer.from("8368456e63727970743043a10101", "hex"),
    Buffer.from([0x40 | path.length]),
    path,
  ]);
  if (path.length > 23) return undefined;
  const decipher = createDecipheriv("aes-128-gcm", derived.subarray(0, 16), nonce, { authTagLength: 16 }).setAAD(aad);
  decipher.setAuthTag(sealed.subarray(-16));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
  } catch {
    return undefined;
  }
}

const plaintexts = vectors.command.map(plaintextOf).filter((text) => text !== undefined);
const messages = vectors.command.map(({ message }) => Buffer.from(message, "hex"));
save("command", [
  ...plaintexts.map((text) => Buffer.concat([Buffer.from([0]), text])),
  ...messages.map((message) => Buffer.concat([Buffer.from([1]), message])),
]);
save(
  "provisioning",
  vectors.provisioning.map(({ text }) => Buffer.from(text)),
);
if (plaintexts.length < 20) throw new Error(`only ${plaintexts.length} of the commands opened`);
