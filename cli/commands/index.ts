import type { Command } from "commander";

/** Every subcommand of `redoubt`, in the order that --help shows. */
export const commands: (() => Command)[] = [];
