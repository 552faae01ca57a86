import type { NodeDef } from "node-red";
import type { AnchorerOptions } from "../../lib/anchor/anchorer.js";
import { BLOCK_TAGS, type BlockTag } from "../../lib/anchor/chain-reader.js";
import type { SignerSettings } from "../../lib/anchor/signer.js";
import { resolveIn } from "../../lib/common/home.js";
import { numberSetting } from "../common/number-setting.js";

export interface AnchorConfig extends NodeDef {
  ledger: string;
  rpcUrl: string;
  contract: string;
  firstBlock: string | number;
  signer: string;
  keystore: string;
  signerUrl: string;
  account: string;
  intervalSec: string | number;
  confirmAt: string;
}

export interface AnchorCredentials {
  passphrase?: string;
}

const ADDRESS = /^0x[0-9a-f]{40}$/i;
const HTTP_URL = /^https?:\/\/\S+$/;

function httpUrl(name: string, value: string): string {
  if (!HTTP_URL.test(value ?? "")) throw new Error(`${name} must be an address that begins with http:// or https://`);
  return value;
}

/** @throws {Error} that says which setting to mend. */
function signerOf(
  config: AnchorConfig,
  credentials: AnchorCredentials | undefined,
  keysFolder: string,
): SignerSettings {
  if (config.signer === "remote") {
    if (!ADDRESS.test(config.account ?? "")) throw new Error("the signer's account must be an address");
    return { kind: "remote", url: httpUrl("the signer's URL", config.signerUrl), address: config.account };
  }
  const passphrase = credentials?.passphrase || process.env.REDOUBT_ANCHOR_PASSPHRASE;
  if (!passphrase) throw new Error("the keystore's passphrase is neither entered nor in REDOUBT_ANCHOR_PASSPHRASE");
  return { kind: "keystore", path: resolveIn(keysFolder, config.keystore || "anchor.json"), passphrase };
}

type Settings = Pick<AnchorerOptions, "rpcUrl" | "contract" | "signer" | "confirmAt" | "firstBlock"> & {
  intervalMs: number;
};

/**
 * Reads the node's configuration.
 *
 * @param keysFolder where a relative keystore file is.
 * @throws {Error} that says which setting to mend.
 */
export function readAnchorSettings(
  config: AnchorConfig,
  credentials: AnchorCredentials | undefined,
  keysFolder: string,
): Settings {
  const confirmAt = (config.confirmAt || "latest") as BlockTag;
  if (!BLOCK_TAGS.includes(confirmAt)) throw new Error(`"${confirmAt}" is no block to wait for`);
  if (!ADDRESS.test(config.contract ?? "")) throw new Error("the contract must be an address, 0x and 40 hex digits");
  return {
    rpcUrl: httpUrl("the node's URL", config.rpcUrl),
    contract: config.contract,
    signer: signerOf(config, credentials, keysFolder),
    confirmAt,
    firstBlock: numberSetting("First block", config.firstBlock, 0, 0, Number.MAX_SAFE_INTEGER),
    intervalMs: numberSetting("Anchor every", config.intervalSec, 60, 1, 86_400) * 1000,
  };
}
