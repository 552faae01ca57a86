import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "./node-red.js";

const LOCK = "package-lock.json";

/**
 * Installs what `test/<name>/` locks into `.cache/<name>/`, once; it is no dependency of the package.
 *
 * @param proof a file below node_modules that a complete installation has.
 * @returns path of that file, or undefined where the registry cannot be reached or has nothing for this platform.
 */
export function fetchedTool(name: string, proof: string): string | undefined {
  const manifest = join(projectRoot, "test", name);
  const folder = join(projectRoot, ".cache", name);
  const file = join(folder, "node_modules", proof);
  const wanted = readFileSync(join(manifest, LOCK), "utf8");
  if (existsSync(file) && readFileSync(join(folder, LOCK), "utf8") === wanted) return file;
  mkdirSync(folder, { recursive: true });
  for (const part of ["package.json", LOCK]) cpSync(join(manifest, part), join(folder, part));
  try {
    execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: folder, stdio: "pipe" });
  } catch {
    return undefined;
  }
  return existsSync(file) ? file : undefined;
}
