import { existsSync } from "node:fs";
import { Command } from "commander";
import { createKeystore } from "../../lib/anchor/keystore.js";
import { CommandFailure } from "../failure.js";
import { orFail, passphraseOf } from "./options.js";

/** `redoubt anchor keystore`: a new account. */
export function keystoreCommand(): Command {
  return new Command("keystore")
    .description("make an account in a new keystore file (V3, mode 0600); its key is never shown")
    .requiredOption("--out <file>", "the file")
    .option("--passphrase-file <file>", "file with the passphrase, mode 0600 (default: REDOUBT_ANCHOR_PASSPHRASE)")
    .option("--json", "one object")
    .action(async (flags: { out: string; passphraseFile?: string; json?: boolean }) => {
      const passphrase = passphraseOf(flags);
      if (existsSync(flags.out)) throw new CommandFailure(`${flags.out} exists`);
      const address = await orFail(() => createKeystore(flags.out, passphrase));
      console.log(flags.json ? JSON.stringify({ file: flags.out, address }) : address);
    });
}
