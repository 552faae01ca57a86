import { isJsonObject } from "../common/json.js";
import { type IpAddress, isWithin, type Prefix, parsePrefix } from "./ip-address.js";
import { parseMac } from "./target.js";

/** An address that only one network card may use. */
export interface Binding {
  address: IpAddress;
  mac: string;
}

const MAX_ROWS = 1000;

/** Who is never blocked. */
export class AllowList {
  private constructor(
    /** Addresses and networks without a MAC; none lies within another. */
    readonly networks: readonly Prefix[],
    /** Addresses with their MACs; an address may have several. */
    readonly bindings: readonly Binding[],
  ) {}

  static readonly empty = new AllowList([], []);

  /**
   * @param rows `[{address: "10.0.0.0/24" or "10.0.0.5", mac?: "02:…"}]`, as a form has them.
   * @throws {Error} that says which row to mend.
   */
  static read(rows: unknown): AllowList {
    if (rows === undefined || rows === null || rows === "") return AllowList.empty;
    if (!Array.isArray(rows)) throw new Error("the allow-list is not a list of rows");
    if (rows.length > MAX_ROWS) throw new Error(`the allow-list has more than ${MAX_ROWS} rows`);
    const networks: Prefix[] = [];
    const bindings: Binding[] = [];
    rows.forEach((row: unknown, index) => {
      const { address, mac } = isJsonObject(row) ? row : {};
      const at = `row ${index + 1} of the allow-list`;
      const prefix = parsePrefix(typeof address === "string" ? address.trim() : address);
      if (!prefix) throw new Error(`${at} needs an address such as 10.0.0.5 or 10.0.0.0/24`);
      if (mac === undefined || mac === null || mac === "") {
        networks.push(prefix);
        return;
      }
      const card = parseMac(typeof mac === "string" ? mac.trim() : mac);
      if (!card) throw new Error(`${at}: the MAC must be six pairs of hex digits with colons, of one network card`);
      if (prefix.length !== prefix.address.bytes.length * 8) throw new Error(`${at}: a MAC goes with one address`);
      bindings.push({ address: prefix.address, mac: card });
    });
    return new AllowList(withoutNested(networks), uniqueBindings(bindings));
  }

  hasAddress(address: IpAddress): boolean {
    return (
      this.networks.some((network) => isWithin(address, network)) ||
      this.bindings.some((binding) => binding.address.text === address.text)
    );
  }

  hasMac(mac: string): boolean {
    return this.bindings.some((binding) => binding.mac === mac);
  }
}

/** nft refuses intervals that overlap. */
function withoutNested(networks: readonly Prefix[]): Prefix[] {
  const widestFirst = [...networks].sort((a, b) => a.length - b.length);
  return widestFirst.filter(
    (network, index) => !widestFirst.slice(0, index).some((wider) => isWithin(network.address, wider)),
  );
}

function uniqueBindings(bindings: readonly Binding[]): Binding[] {
  return [...new Map(bindings.map((binding) => [`${binding.address.text} ${binding.mac}`, binding])).values()];
}
