import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../common/package-root.js";

/** The compiled contract, as `scripts/compile-contracts.mjs` writes it. */
export interface AnchorArtifact {
  compiler: string;
  evmVersion: string;
  abi: { readonly type: string }[];
  /** 0x… */
  bytecode: string;
  deployedBytecode: string;
}

/** Reads `contracts/RedoubtAnchor.json` of this package. */
export function anchorArtifact(): AnchorArtifact {
  const path = join(packageRoot(), "contracts", "RedoubtAnchor.json");
  return JSON.parse(readFileSync(path, "utf8")) as AnchorArtifact;
}
