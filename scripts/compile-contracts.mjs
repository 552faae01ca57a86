// Compiles contracts/*.sol offline with the locked solc-js and writes ABI, bytecode and metadata hash beside them.
// With --check nothing is written: exit 1 where what is committed is not what the source compiles to.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import solc from "solc";

const folder = join(import.meta.dirname, "..", "contracts");
const checkOnly = process.argv.includes("--check");
const settings = {
  optimizer: { enabled: true, runs: 1000 },
  // Runs on every chain since the merge, also on private ones that lag behind.
  evmVersion: "paris",
  outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object", "metadata"] } },
};

function compile(file) {
  const sources = { [file]: { content: readFileSync(join(folder, file), "utf8") } };
  const output = JSON.parse(solc.compile(JSON.stringify({ language: "Solidity", sources, settings })));
  const problems = output.errors ?? [];
  if (problems.length > 0) throw new Error(problems.map((problem) => problem.formattedMessage).join("\n"));
  const name = basename(file, ".sol");
  const { abi, evm, metadata } = output.contracts[file][name];
  return {
    contractName: name,
    compiler: solc.version(),
    evmVersion: settings.evmVersion,
    optimizerRuns: settings.optimizer.runs,
    metadataSha256: createHash("sha256").update(metadata).digest("hex"),
    abi,
    bytecode: `0x${evm.bytecode.object}`,
    deployedBytecode: `0x${evm.deployedBytecode.object}`,
  };
}

let isStale = false;
for (const file of readdirSync(folder).filter((name) => name.endsWith(".sol"))) {
  const artifact = join(folder, `${basename(file, ".sol")}.json`);
  const text = `${JSON.stringify(compile(file), undefined, 2)}\n`;
  const isSame = existsSync(artifact) && readFileSync(artifact, "utf8") === text;
  if (checkOnly && !isSame) {
    console.error(`${artifact} is not what ${file} compiles to: run node scripts/compile-contracts.mjs`);
    isStale = true;
  } else if (!isSame) {
    writeFileSync(artifact, text);
    console.log(`${file} compiled`);
  }
}
process.exitCode = isStale ? 1 : 0;
