// Runs every test: four mochas side by side take one piece after the other, longest first, so that all end at about the
// same time on any machine. Mocha's own --parallel is no choice: some tests let go of the channel to their parent, as the
// commands they test do, and its workers need it.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const mocha = join(root, "node_modules", "mocha", "bin", "mocha.js");
/** More than cores: tests often wait for processes, brokers and pages of theirs. */
const SIDE_BY_SIDE = 4;
const END_CHARACTERS = 6000;

/** By the time that they take. A file belongs to the first piece whose expression its path has. */
const NAMED = {
  "end to end, a to j": /^e2e\/(?!editor)[a-j]/,
  "library, n to z": /^lib\/[n-z]/,
  "in the browser": /^e2e\/(.*dashboard|editor)/,
  "library, a to m": /^lib\/[a-m]/,
  "nodes, flows and more": /^(nodes|contracts|flows|simulator|docs)\//,
  "end to end, k to z": /^e2e\/[k-z]/,
  commands: /^cli\//,
  // None of them judges a time that was measured.
  benches: /^bench\//,
};

/** The files of each piece; together all of test/. */
function pieces() {
  const found = Object.fromEntries(Object.keys(NAMED).map((name) => [name, []]));
  for (const path of readdirSync(join(root, "test"), { recursive: true }).sort()) {
    if (!path.endsWith(".test.ts")) continue;
    const name = Object.keys(NAMED).find((piece) => NAMED[piece].test(path));
    if (!name) throw new Error(`test/${path} belongs to no piece of scripts/test.mjs`);
    found[name].push(join("test", path));
  }
  return found;
}

/** How long each piece took, in the order in which they ended. */
const took = [];
/** What mocha printed at last of each piece that failed: the failures. */
const ends = [];

/** Runs mocha; what it says is held until {@link show} is called. */
function run(parameters) {
  const child = spawn(process.execPath, [mocha, ...parameters], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const held = [];
  let shows = false;
  let end = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      if (shows) process.stdout.write(chunk);
      else held.push(chunk);
      end = (end + chunk).slice(-END_CHARACTERS);
    });
  }
  const ended = new Promise((resolve) => child.once("close", (code) => resolve(code ?? 1)));
  const show = () => {
    shows = true;
    for (const chunk of held.splice(0)) process.stdout.write(chunk);
  };
  return { ended, show, end: () => end };
}

/** Runs pieces side by side and shows them in their order: the first that has not ended as it comes. */
async function runAll(named) {
  const [names, pieces] = [Object.keys(named), Object.values(named)];
  const running = [];
  const codes = [];
  let shown = 0;
  const showNext = () => {
    while (running[shown]) {
      running[shown].show();
      if (codes[shown] === undefined) return;
      shown++;
    }
  };
  const worker = async () => {
    while (running.length < pieces.length) {
      const at = running.length;
      const begin = performance.now();
      running.push(run(pieces[at]));
      showNext();
      codes[at] = await running[at].ended;
      const seconds = Math.round((performance.now() - begin) / 1000);
      took.push(`${names[at]}${codes[at] === 0 ? "" : " FAILED after"} ${seconds} s`);
      if (codes[at] !== 0) ends.push(`... ${running[at].end()}`);
      showNext();
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
  return codes.some((code) => code !== 0);
}

const hasFailed = await runAll(pieces());
// Others have printed much since.
for (const end of ends) console.log(end);
console.log(`${took.join(", ")}; in all ${Math.round(performance.now() / 1000)} s`);
process.exitCode = hasFailed ? 1 : 0;
