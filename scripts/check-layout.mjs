// Checks what the linter cannot: the direction of imports, file sizes, and that every node is complete.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const MAX_LINES = 300;
const problems = [];

function* filesUnder(folder) {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesUnder(path);
    else yield path;
  }
}

/** Which folders a part may import besides itself: data flows one way. */
const MAY_IMPORT = {
  lib: ["lib"],
  nodes: ["nodes", "lib"],
  simulator: ["simulator", "lib"],
  bench: ["bench", "lib", "simulator"],
  cli: ["cli", "lib", "simulator", "bench"],
};

for (const part of Object.keys(MAY_IMPORT)) {
  for (const path of filesUnder(join(root, part))) {
    if (!path.endsWith(".ts")) continue;
    const name = relative(root, path);
    const text = readFileSync(path, "utf8");
    if (text.split("\n").length > MAX_LINES) problems.push(`${name}: more than ${MAX_LINES} lines`);
    if ((part === "lib" || part === "nodes") && text.includes("Math.random")) {
      problems.push(`${name}: Math.random (node:crypto for keys and noise, SeededRandom for simulations)`);
    }
    for (const [, target] of text.matchAll(/from "(\.[^"]+)"|import\("(\.[^"]+)"\)/g)) {
      if (!target) continue;
      const imported = relative(root, join(dirname(path), target)).split("/");
      if (!MAY_IMPORT[part].includes(imported[0])) problems.push(`${name}: ${part}/ must not import ${imported[0]}/`);
      const domain = name.split("/")[1];
      if (part === "lib" && imported[0] === "lib" && imported[1] !== domain && imported[1] !== "common") {
        problems.push(`${name}: lib/${domain} must not import lib/${imported[1]}; what two need is in lib/common`);
      }
    }
  }
}

const { nodes } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))["node-red"];
const exampleText = [...filesUnder(join(root, "examples")), ...filesUnder(join(root, "flows"))]
  .filter((path) => path.endsWith(".json"))
  .map((path) => readFileSync(path, "utf8"))
  .join("\n");
for (const type of Object.keys(nodes)) {
  const name = type.replace("redoubt-", "");
  const folder = join(root, "nodes", name);
  for (const file of [`${name}.ts`, `${name}.html`, `locales/en-US/${name}.json`, `locales/en-US/${name}.html`]) {
    if (!existsSync(join(folder, file))) problems.push(`nodes/${name}/${file} is missing`);
  }
  if (!exampleText.includes(`"${type}"`)) problems.push(`${type} is used in no example`);
}

for (const path of [...filesUnder(join(root, "flows")), ...filesUnder(join(root, "examples"))]) {
  if (!path.endsWith(".json")) continue;
  const flow = JSON.parse(readFileSync(path, "utf8"));
  const name = relative(root, path);
  if (!Array.isArray(flow)) problems.push(`${name}: a flow file is an array of nodes`);
  else if (flow.some((node) => node.type === "function"))
    problems.push(`${name}: function node (logic belongs in a node)`);
  else if (flow.some((node) => node.credentials)) problems.push(`${name}: holds credentials`);
}

for (const problem of problems) console.error(problem);
process.exit(problems.length > 0 ? 1 : 0);
