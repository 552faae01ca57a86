import type { Ethers, JsonRpcProvider } from "./load-ethers.js";

const TIMEOUT_MS = 10_000;

/**
 * Connects to a node by JSON-RPC.
 *
 * @param url http(s)://…
 * @throws {Error} where nobody answers.
 */
export async function connectProvider(
  ethers: Ethers,
  url: string,
): Promise<{ provider: JsonRpcProvider; chainId: number }> {
  const request = () => {
    const made = new ethers.FetchRequest(url);
    // ethers waits for five minutes.
    made.timeout = TIMEOUT_MS;
    return made;
  };
  const asked = request();
  asked.body = { jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] };
  const response = await asked.send();
  response.assertOk();
  const { result } = response.bodyJson as { result?: unknown };
  if (typeof result !== "string" || !/^0x[0-9a-f]{1,13}$/i.test(result)) throw new Error("this is no Ethereum node");
  const chainId = Number(result);
  // A plain network: the named ones of ethers ask other servers what a transaction should cost.
  const network = new ethers.Network("anchor", chainId);
  const provider = new ethers.JsonRpcProvider(request(), network, {
    staticNetwork: network,
    // Answers are needed as they are now, also after the chain was rolled back.
    cacheTimeout: -1,
    batchMaxCount: 1,
    pollingInterval: 500,
  });
  return { provider, chainId };
}

/** What went wrong, for people: the long messages of ethers hold whole requests, with the URL and its access key. */
export function reasonOf(error: unknown): string {
  const { shortMessage, message, code } = error as { shortMessage?: string; message?: string; code?: string };
  if (code === "BAD_DATA") return "there is no RedoubtAnchor contract at this address of this chain";
  return (shortMessage ?? message ?? String(error)).split("\n")[0]?.replaceAll(/https?:\/\/\S+/g, "the node") ?? "";
}
