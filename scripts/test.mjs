// Runs every test: two mochas side by side take one piece after the other, longest first, so that both end at about the
// same time on any machine; then the benches alone, since they measure. Mocha's own --parallel is no choice: some tests
// let go of the channel to their parent, as the commands they test do, and its workers need it.
import { spawn } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const mocha = join(root, "node_modules", "mocha", "bin", "mocha.js");
const SIDE_BY_SIDE = 2;

const IN_THE_BROWSER = ["test/e2e/*dashboard*.test.ts", "test/e2e/editor.test.ts"];
/** Together all of test/ but the benches; by the processor time that they take. */
const PIECES = [
  IN_THE_BROWSER,
  ["test/lib/**/*.test.ts"],
  ["test/e2e/**/*.test.ts", ...IN_THE_BROWSER.flatMap((glob) => ["--ignore", glob])],
  ["test/cli/**/*.test.ts"],
  ["test/{nodes,contracts,flows,simulator,docs}/**/*.test.ts"],
];

/** Runs mocha; what it says is held until {@link show} is called. */
function run(parameters) {
  const child = spawn(process.execPath, [mocha, ...parameters], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const held = [];
  let shows = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => (shows ? process.stdout.write(chunk) : held.push(chunk)));
  }
  const ended = new Promise((resolve) => child.once("close", (code) => resolve(code ?? 1)));
  const show = () => {
    shows = true;
    for (const chunk of held.splice(0)) process.stdout.write(chunk);
  };
  return { ended, show };
}

/** Runs pieces side by side and shows them in their order: the first that has not ended as it comes. */
async function runAll(pieces) {
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
      running.push(run(pieces[at]));
      showNext();
      codes[at] = await running[at].ended;
      showNext();
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
  return codes.some((code) => code !== 0);
}

const hasFailed = await runAll(PIECES);
const benchesFailed = await runAll([["test/bench/**/*.test.ts"]]);
process.exitCode = hasFailed || benchesFailed ? 1 : 0;
