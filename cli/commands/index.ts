import type { Command } from "commander";
import { anchorCommand } from "./anchor.js";
import { benchCommand } from "./bench.js";
import { demoCommand } from "./demo.js";
import { detectCommand } from "./detect.js";
import { devicesCommand } from "./devices.js";
import { envelopeCommand } from "./envelope.js";
import { exportLedgerCommand } from "./export-ledger.js";
import { importModelCommand } from "./import-model.js";
import { keysCommand } from "./keys.js";
import { maskCommand } from "./mask.js";
import { occupancyCommand } from "./occupancy.js";
import { scoreCommand } from "./score.js";
import { simulateCommand } from "./simulate.js";
import { startCommand } from "./start.js";
import { trainCommand } from "./train.js";
import { verifyLedgerCommand } from "./verify-ledger.js";

/** Every subcommand of `redoubt`, in the order that --help shows. */
export const commands: (() => Command)[] = [
  startCommand,
  demoCommand,
  simulateCommand,
  envelopeCommand,
  keysCommand,
  devicesCommand,
  trainCommand,
  importModelCommand,
  scoreCommand,
  maskCommand,
  detectCommand,
  exportLedgerCommand,
  verifyLedgerCommand,
  anchorCommand,
  occupancyCommand,
  benchCommand,
];
