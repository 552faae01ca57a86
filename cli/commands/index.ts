import type { Command } from "commander";
import { envelopeCommand } from "./envelope.js";
import { keysCommand } from "./keys.js";
import { maskCommand } from "./mask.js";

/** Every subcommand of `redoubt`, in the order that --help shows. */
export const commands: (() => Command)[] = [envelopeCommand, keysCommand, maskCommand];
