import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isJsonObject } from "../../lib/common/json.js";
import { packageRoot } from "../../lib/common/package-root.js";

/** Version of this package; a SIEM tells by it what fields to expect. */
export function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8"));
  return isJsonObject(manifest) && typeof manifest.version === "string" ? manifest.version : "0";
}
