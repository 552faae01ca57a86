import { readSecretFile } from "../common/files.js";
import type { Ethers, JsonRpcProvider, TransactionRequest } from "./load-ethers.js";
import { connectProvider } from "./provider.js";

/** Who signs transactions. */
export type SignerSettings =
  | {
      kind: "keystore";
      /** V3 keystore file, mode 0600. */
      path: string;
      passphrase: string;
    }
  | {
      kind: "remote";
      /** JSON-RPC server that answers eth_sendTransaction, such as Web3Signer. */
      url: string;
      /** 0x… */
      address: string;
    };

export interface AnchorSigner {
  readonly address: string;
  /** @param request complete: with nonce, gas and fees. @returns hash of the transaction. */
  send(request: TransactionRequest): Promise<string>;
  close(): void;
}

async function keystoreSigner(
  ethers: Ethers,
  provider: JsonRpcProvider,
  path: string,
  passphrase: string,
): Promise<AnchorSigner> {
  const text = readSecretFile(path);
  if (!ethers.isKeystoreJson(text)) throw new Error(`${path} is no V3 keystore file`);
  let account: { address: string; privateKey: string };
  try {
    account = await ethers.decryptKeystoreJson(text, passphrase);
  } catch {
    // What ethers says of it may hold the passphrase.
    throw new Error(`${path}: the passphrase does not open it`);
  }
  const wallet = new ethers.Wallet(account.privateKey, provider);
  return {
    address: wallet.address,
    send: async (request) => (await wallet.sendTransaction(request)).hash,
    close: () => undefined,
  };
}

async function remoteSigner(ethers: Ethers, url: string, address: string): Promise<AnchorSigner> {
  if (!ethers.isAddress(address)) throw new Error("the remote signer's account is no address");
  const { provider } = await connectProvider(ethers, url);
  return {
    address: ethers.getAddress(address),
    send: async (request) => {
      const { gasLimit, chainId: _chainId, type: _type, ...rest } = request;
      const call = { ...provider.getRpcTransaction(rest), from: address, gas: ethers.toQuantity(gasLimit ?? 0) };
      return (await provider.send("eth_sendTransaction", [call])) as string;
    },
    close: () => provider.destroy(),
  };
}

/**
 * Opens the account that writes.
 *
 * @throws {Error} that says what to mend; never with the passphrase in it.
 */
export function openSigner(ethers: Ethers, provider: JsonRpcProvider, settings: SignerSettings): Promise<AnchorSigner> {
  return settings.kind === "keystore"
    ? keystoreSigner(ethers, provider, settings.path, settings.passphrase)
    : remoteSigner(ethers, settings.url, settings.address);
}
