import { type Command, InvalidArgumentError } from "commander";
import { reasonOf } from "../../lib/anchor/provider.js";
import type { SignerSettings } from "../../lib/anchor/signer.js";
import { readSecretFile } from "../../lib/common/files.js";
import { CommandFailure, UsageFailure } from "../failure.js";

const PASSPHRASE_VARIABLE = "REDOUBT_ANCHOR_PASSPHRASE";

/** How to reach a chain. */
export interface RpcFlags {
  rpc: string;
}

/** Who signs. */
export interface SignerFlags {
  keystore?: string;
  passphraseFile?: string;
  signerUrl?: string;
  account?: string;
}

/** Which log on the chain. */
export interface LaneFlags {
  contract: string;
  origin: string;
}

/** @throws {InvalidArgumentError} for what is not a whole number in the range. */
export function wholeNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= low && value <= high) return value;
    throw new InvalidArgumentError(`a whole number of ${low} to ${high}`);
  };
}

export function withRpc(command: Command): Command {
  return command.requiredOption("--rpc <url>", "JSON-RPC of an Ethereum node, http(s)://…");
}

export function withLane(command: Command): Command {
  return command
    .requiredOption("--contract <address>", "the anchor contract, as deploy prints it")
    .requiredOption("--origin <name>", "the log's name, as its node has it");
}

export function withSigner(command: Command): Command {
  return command
    .option("--keystore <file>", "V3 keystore file of the account that signs, mode 0600")
    .option("--passphrase-file <file>", `file with its passphrase, mode 0600 (default: ${PASSPHRASE_VARIABLE})`)
    .option("--signer-url <url>", "instead of a keystore: a server that signs (eth_sendTransaction)")
    .option("--account <address>", "with --signer-url: the account that it signs for");
}

/** @throws {UsageFailure} where it is nowhere; {CommandFailure} for a file that cannot be used. */
export function passphraseOf({ passphraseFile }: SignerFlags): string {
  if (passphraseFile !== undefined) {
    try {
      return readSecretFile(passphraseFile).replace(/\r?\n$/, "");
    } catch (error) {
      throw new CommandFailure((error as Error).message);
    }
  }
  const passphrase = process.env[PASSPHRASE_VARIABLE];
  if (!passphrase) throw new UsageFailure(`the passphrase: set ${PASSPHRASE_VARIABLE}, or give --passphrase-file`);
  return passphrase;
}

/** @throws {UsageFailure} unless the flags name exactly one signer. */
export function signerOf(flags: SignerFlags): SignerSettings {
  const { keystore, signerUrl, account } = flags;
  if ((keystore === undefined) === (signerUrl === undefined)) {
    throw new UsageFailure("give either --keystore or --signer-url");
  }
  if (keystore !== undefined) return { kind: "keystore", path: keystore, passphrase: passphraseOf(flags) };
  if (account === undefined) throw new UsageFailure("--signer-url needs --account");
  return { kind: "remote", url: signerUrl as string, address: account };
}

/** Turns what chain and files say into the one line that the user gets. */
export async function orFail<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UsageFailure || error instanceof CommandFailure) throw error;
    throw new CommandFailure(reasonOf(error));
  }
}
