// Runs every test: two mochas side by side, then the benches alone, since they measure. Mocha's own --parallel is no
// choice: some tests let go of the channel to their parent, as the commands they test do, and its workers need it.
import { spawn } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const mocha = join(root, "node_modules", "mocha", "bin", "mocha.js");

/** The output of one run at a time is shown as it comes; the other's when the first has ended. */
function run(glob, isShown) {
  const child = spawn(process.execPath, [mocha, glob], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const held = [];
  let shows = isShown;
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

const small = run("test/{lib,nodes,cli,contracts,flows,simulator,docs}/**/*.test.ts", true);
const large = run("test/e2e/**/*.test.ts", false);
const first = await small.ended;
large.show();
const second = await large.ended;
const third = await run("test/bench/**/*.test.ts", true).ended;
process.exitCode = first || second || third ? 1 : 0;
