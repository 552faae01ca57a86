import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "./node-red.js";

const LOCK = "package-lock.json";

/**
 * Installs what `test/<name>/` locks into `.cache/<name>/`, once; it is no dependency of the package. Test runs side by
 * side may want the same at once: each installs into a folder of its own, and the first whole one is taken.
 *
 * @param proof a file below node_modules that a complete installation has.
 * @returns path of that file, or undefined where the registry cannot be reached or has nothing for this platform.
 */
export function fetchedTool(name: string, proof: string): string | undefined {
  const manifest = join(projectRoot, "test", name);
  const folder = join(projectRoot, ".cache", name);
  const file = join(folder, "node_modules", proof);
  const wanted = readFileSync(join(manifest, LOCK), "utf8");
  const isThere = () => existsSync(file) && readFileSync(join(folder, LOCK), "utf8") === wanted;
  if (isThere()) return file;
  mkdirSync(join(projectRoot, ".cache"), { recursive: true });
  const own = mkdtempSync(`${folder}-`);
  try {
    for (const part of ["package.json", LOCK]) cpSync(join(manifest, part), join(own, part));
    execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: own, stdio: "pipe" });
    if (!existsSync(join(own, "node_modules", proof))) return undefined;
    // Of another lock, or not whole.
    if (existsSync(folder) && !isThere()) renameSync(folder, join(own, "before"));
    renameSync(own, folder);
  } catch {
    return isThere() ? file : undefined;
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
  return file;
}
