// Runs every test: three mochas side by side take one piece after the other, longest first, so that both end at about the
// same time on any machine. Mocha's own --parallel is no choice: some tests let go of the channel to their parent, as the
// commands they test do, and its workers need it.
import { spawn } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const mocha = join(root, "node_modules", "mocha", "bin", "mocha.js");
/** One more than cores: tests wait for each other's processes a third of the time. */
const SIDE_BY_SIDE = 3;
const END_CHARACTERS = 6000;

const IN_THE_BROWSER = ["test/e2e/*dashboard*.test.ts", "test/e2e/editor.test.ts"];
/** Together all of test/; by the processor time that they take. Tests of the benches judge no time that was measured. */
const PIECES = {
  "in the browser": IN_THE_BROWSER,
  library: ["test/lib/**/*.test.ts"],
  "end to end": ["test/e2e/**/*.test.ts", ...IN_THE_BROWSER.flatMap((glob) => ["--ignore", glob])],
  "nodes, flows and more": ["test/{nodes,contracts,flows,simulator,docs}/**/*.test.ts"],
  commands: ["test/cli/**/*.test.ts"],
  benches: ["test/bench/**/*.test.ts"],
};

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

const hasFailed = await runAll(PIECES);
// Others have printed much since.
for (const end of ends) console.log(end);
console.log(took.join(", "));
process.exitCode = hasFailed ? 1 : 0;
