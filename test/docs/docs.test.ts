import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { Command } from "commander";
import { loadCommands } from "../../cli/commands/index.js";
import { REJECTION_CODES } from "../../lib/common/rejection.js";

const ROOT = join(__dirname, "..", "..");
const FENCE = /^```[\s\S]*?^```/gm;

function filesBelow(folder: string, pattern: RegExp): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "node_modules" ? [] : filesBelow(path, pattern);
    return pattern.test(entry.name) ? [path] : [];
  });
}

const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const pages = [join(ROOT, "README.md"), ...filesBelow(join(ROOT, "docs"), /\.md$/)];
const nameOf = (page: string) => relative(ROOT, page);

/** As GitHub makes them: lower case, punctuation dropped, blanks as hyphens. */
function anchorsOf(markdown: string): Set<string> {
  const headings = [...markdown.replaceAll(FENCE, "").matchAll(/^#+ (.+)$/gm)].map((match) => match[1] as string);
  return new Set(
    headings.map((text) =>
      text
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

function brokenLinks(page: string): string[] {
  const text = readFileSync(page, "utf8").replaceAll(FENCE, "");
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] as string);
  return targets.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false;
    const [path = "", anchor] = target.split("#");
    const file = path === "" ? page : join(dirname(page), path);
    if (!existsSync(file)) return true;
    return anchor !== undefined && (!statSync(file).isFile() || !anchorsOf(readFileSync(file, "utf8")).has(anchor));
  });
}

const program = new Command("redoubt");
for (const command of loadCommands(undefined)) program.addCommand(command);

/** Command lines in a page: shell lines and inline code that run redoubt; continued lines are joined. */
function commandLines(markdown: string): string[] {
  const joined = markdown.replaceAll(/\\\n\s*/g, " ");
  const pattern = /(?:\bnpx redoubt|\bnpm run (?:--silent )?redoubt --|(?:`|^ {4,})redoubt)(?: ([^`|\n#]*))?/gm;
  return [...joined.matchAll(pattern)].map((match) => (match[1] ?? "").trim()).filter((line) => line !== "");
}

/** What is wrong with a command line, or undefined. */
function fault(line: string): string | undefined {
  const words = line.split(/\s+/).filter((word) => !/^[<[(…>]/.test(word));
  let command = program;
  while (words.length > 0) {
    const next: Command | undefined = command.commands.find((candidate) => candidate.name() === words[0]);
    if (!next) break;
    command = next;
    words.shift();
  }
  if (command === program && /^[a-z]/.test(words[0] ?? "")) return `no command "${words[0]}"`;
  if (command.commands.length > 0 && command !== program && /^[a-z]/.test(words[0] ?? "")) {
    return `no subcommand "${words[0]}" of ${command.name()}`;
  }
  const known = new Set(["--help", "--version", ...command.options.flatMap(({ long }) => (long ? [long] : []))]);
  const unknown = words
    .map((word) => word.replace(/[^a-z-].*$/, ""))
    .find((word) => /^--[a-z]/.test(word) && !known.has(word));
  return unknown && `${command.name()} has no option ${unknown}`;
}

function optionsOf(command: Command): string[] {
  return command.options.flatMap(({ long }) => (long ? [long] : []));
}

describe("documentation", () => {
  it("has no broken relative link or anchor", () => {
    const broken = pages.flatMap((page) => brokenLinks(page).map((target) => `${nameOf(page)}: ${target}`));
    assert.deepEqual(broken, []);
  });

  it("names only commands and options that exist", () => {
    const lines = pages.flatMap((page) => commandLines(readFileSync(page, "utf8")).map((line) => ({ page, line })));
    assert.ok(lines.length > 40, `only ${lines.length} command lines were found`);
    const wrong = lines.flatMap(({ page, line }) => {
      const problem = fault(line);
      return problem ? [`${nameOf(page)}: ${line}: ${problem}`] : [];
    });
    assert.deepEqual(wrong, []);
  });

  it("would notice a wrong command line", () => {
    assert.deepEqual(
      commandLines("    npx redoubt fly --high\n    X=1 npm run redoubt -- keys list \\\n      .keys\n`redoubt demo`"),
      ["fly --high", "keys list  .keys", "demo"],
    );
    assert.equal(fault("fly --high"), 'no command "fly"');
    assert.equal(fault("keys forge x"), 'no subcommand "forge" of keys');
    assert.equal(fault("demo --rate 1 --sped 2"), "demo has no option --sped");
  });

  it("describes every command and option in commands.md", () => {
    const text = read("docs/reference/commands.md");
    const missing: string[] = [];
    const visit = (command: Command, path: string) => {
      for (const child of command.commands) visit(child, `${path} ${child.name()}`);
      if (command.commands.length > 0) return;
      if (!text.includes(path)) missing.push(path);
      for (const option of optionsOf(command)) if (!text.includes(`\`${option}`)) missing.push(`${path} ${option}`);
    };
    visit(program, "redoubt");
    assert.deepEqual(missing, []);
  });

  it("describes every node in nodes.md", () => {
    const manifest = JSON.parse(read("package.json")) as { "node-red": { nodes: Record<string, string> } };
    const text = read("docs/reference/nodes.md");
    const missing = Object.keys(manifest["node-red"].nodes).filter((type) => !text.includes(`**${type}**`));
    assert.deepEqual(missing, []);
  });

  it("explains every rejection code in messages.md, and no other", () => {
    const table = read("docs/reference/messages.md").split("## Rejection codes")[1] ?? "";
    const explained = [...table.matchAll(/^\| ([A-Z_]+) \|/gm)].map((match) => match[1] as string);
    assert.deepEqual(explained.sort(), [...REJECTION_CODES].sort());
  });

  it("lists exactly the variables that the code reads in environment.md", () => {
    const sources = ["cli", "lib", "nodes", "simulator", "bench"].flatMap((folder) =>
      filesBelow(join(ROOT, folder), /\.ts$/),
    );
    const variables = (text: string) => text.match(/\bREDOUBT_[A-Z_]*[A-Z]\b/g) ?? [];
    const code = [...sources, join(ROOT, "settings.js")].map((path) => readFileSync(path, "utf8")).join("\n");
    const table = read("docs/reference/environment.md").split("## Files")[0] ?? "";
    const rows = table.split("\n").filter((line) => line.startsWith("| `"));
    const documented = rows.flatMap((row) => variables(row.split("|")[1] ?? ""));
    assert.deepEqual([...new Set(documented)].sort(), [...new Set(variables(code))].sort());
  });
});
