// Compiles TypeScript into dist/ and copies what Node-RED reads beside the built nodes.
// `--if-needed` skips the work when dist/ is newer than every source.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");
/** Built beside dist/ and swapped in, so that a running Redoubt never sees half a build. */
const fresh = join(root, ".dist-new");
const stamp = join(dist, ".built");
const sourceFolders = ["nodes", "lib", "cli", "simulator", "bench"];

function* filesUnder(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesUnder(path);
    else yield path;
  }
}

function isUpToDate() {
  if (!existsSync(stamp)) return false;
  const builtAt = statSync(stamp).mtimeMs;
  const sources = [...sourceFolders, "flows", "scripts"].flatMap((name) => [...filesUnder(join(root, name))]);
  return [...sources, join(root, "package.json"), join(root, "tsconfig.build.json")].every(
    (path) => statSync(path).mtimeMs <= builtAt,
  );
}

if (process.argv.includes("--if-needed") && isUpToDate()) process.exit(0);

rmSync(fresh, { recursive: true, force: true });
const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
const compiled = spawnSync(process.execPath, [tsc, "-p", join(root, "tsconfig.build.json"), "--outDir", fresh], {
  stdio: "inherit",
});
if (compiled.status !== 0) process.exit(compiled.status ?? 1);

for (const folder of sourceFolders) {
  for (const path of filesUnder(join(root, folder))) {
    if (path.endsWith(".ts")) continue;
    const target = join(fresh, relative(root, path));
    mkdirSync(dirname(target), { recursive: true });
    cpSync(path, target);
  }
}

// Node-RED offers a package's examples/ folder under Import > Examples.
const examples = join(root, "examples");
rmSync(join(examples, "flows"), { recursive: true, force: true });
for (const path of filesUnder(join(root, "flows"))) {
  const target = join(examples, "flows", relative(join(root, "flows"), path));
  mkdirSync(dirname(target), { recursive: true });
  cpSync(path, target);
}
writeFileSync(join(fresh, ".built"), `${new Date().toISOString()}\n`);
rmSync(dist, { recursive: true, force: true });
renameSync(fresh, dist);
