import type { Command } from "commander";

/**
 * Every subcommand of `redoubt` by its name, in the order that --help shows. Each is loaded when it is asked for: one
 * needs a tenth to a third of what all of them together need to start.
 */
export const commands: ReadonlyMap<string, () => Command> = new Map([
  ["start", () => (require("./start.js") as typeof import("./start.js")).startCommand()],
  ["demo", () => (require("./demo.js") as typeof import("./demo.js")).demoCommand()],
  ["simulate", () => (require("./simulate.js") as typeof import("./simulate.js")).simulateCommand()],
  ["envelope", () => (require("./envelope.js") as typeof import("./envelope.js")).envelopeCommand()],
  ["keys", () => (require("./keys.js") as typeof import("./keys.js")).keysCommand()],
  ["devices", () => (require("./devices.js") as typeof import("./devices.js")).devicesCommand()],
  ["train", () => (require("./train.js") as typeof import("./train.js")).trainCommand()],
  ["import-model", () => (require("./import-model.js") as typeof import("./import-model.js")).importModelCommand()],
  ["score", () => (require("./score.js") as typeof import("./score.js")).scoreCommand()],
  ["mask", () => (require("./mask.js") as typeof import("./mask.js")).maskCommand()],
  ["detect", () => (require("./detect.js") as typeof import("./detect.js")).detectCommand()],
  ["export-ledger", () => (require("./export-ledger.js") as typeof import("./export-ledger.js")).exportLedgerCommand()],
  ["verify-ledger", () => (require("./verify-ledger.js") as typeof import("./verify-ledger.js")).verifyLedgerCommand()],
  ["anchor", () => (require("./anchor.js") as typeof import("./anchor.js")).anchorCommand()],
  ["occupancy", () => (require("./occupancy.js") as typeof import("./occupancy.js")).occupancyCommand()],
  ["bench", () => (require("./bench.js") as typeof import("./bench.js")).benchCommand()],
]);

/** The command of that name alone, or all of them where there is none: for --help, a wrong name or no name. */
export function loadCommands(name: string | undefined): Command[] {
  const load = commands.get(name ?? "");
  return load ? [load()] : [...commands.values()].map((each) => each());
}
