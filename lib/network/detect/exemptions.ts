import { BlockList, isIP } from "node:net";
import { NETWORK_ALERT_KINDS, type NetworkAlertKind } from "../../common/network.js";
import { Rejection } from "../../common/rejection.js";

/** A source that is not to be reported: by address, network, MAC or MQTT client id; for all kinds unless some are named. */
export interface Exemption {
  address?: string;
  mac?: string;
  clientId?: string;
  kinds?: NetworkAlertKind[];
}

interface Entry {
  addresses: BlockList | undefined;
  mac: string | undefined;
  clientId: string | undefined;
  kinds: Set<string> | undefined;
}

const MAX_EXEMPTIONS = 1000;
const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;
const MEMBERS = new Set(["address", "mac", "clientId", "kinds"]);

/** Who may do what. */
export class ExemptionList {
  private readonly entries: Entry[];

  /**
   * @param list exemptions; each has an address (also with a prefix length), a MAC or a client id; several in one must
   * all fit.
   * @throws {Rejection} SCHEMA that names the entry.
   */
  constructor(list: unknown = []) {
    if (!Array.isArray(list)) throw new Rejection("SCHEMA", "exemptions: a list is expected");
    if (list.length > MAX_EXEMPTIONS) throw new Rejection("SCHEMA", `exemptions: more than ${MAX_EXEMPTIONS}`);
    this.entries = list.map((one, i) => readEntry(one, `exemptions[${i}]`));
  }

  covers(kind: NetworkAlertKind, address: string, mac: string, clientId = ""): boolean {
    return this.entries.some(
      (entry) =>
        (entry.kinds === undefined || entry.kinds.has(kind)) &&
        (entry.mac === undefined || entry.mac === mac) &&
        (entry.clientId === undefined || entry.clientId === clientId) &&
        (entry.addresses === undefined || isWithin(entry.addresses, address)),
    );
  }
}

function isWithin(list: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 4 ? "ipv4" : "ipv6");
}

function readEntry(one: unknown, where: string): Entry {
  if (typeof one !== "object" || one === null || Array.isArray(one)) {
    throw new Rejection("SCHEMA", `${where}: an object is expected`);
  }
  const { address, mac, clientId, kinds } = one as Record<string, unknown>;
  const unknown = Object.keys(one).find((name) => !MEMBERS.has(name));
  if (unknown !== undefined) throw new Rejection("SCHEMA", `${where}: no setting "${unknown}"`);
  if (address === undefined && mac === undefined && clientId === undefined) {
    throw new Rejection("SCHEMA", `${where}: an address, a MAC or a client id is needed`);
  }
  if (clientId !== undefined && typeof clientId !== "string")
    throw new Rejection("SCHEMA", `${where}: clientId is text`);
  return {
    addresses: address === undefined ? undefined : readAddress(address, where),
    mac: mac === undefined ? undefined : readMac(mac, where),
    clientId,
    kinds: kinds === undefined ? undefined : readKinds(kinds, where),
  };
}

function readAddress(value: unknown, where: string): BlockList {
  const [address = "", prefix, ...rest] = typeof value === "string" ? value.split("/") : [];
  const family = isIP(address);
  const bits = family === 4 ? 32 : 128;
  const isPrefix = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
  if (family === 0 || !isPrefix || rest.length > 0) {
    throw new Rejection("SCHEMA", `${where}: "${String(value)}" is no address and no network like 192.168.1.0/24`);
  }
  const list = new BlockList();
  list.addSubnet(address, prefix === undefined ? bits : Number(prefix), family === 4 ? "ipv4" : "ipv6");
  return list;
}

function readMac(value: unknown, where: string): string {
  const text = typeof value === "string" ? value.toLowerCase().replaceAll("-", ":") : "";
  if (!MAC.test(text)) throw new Rejection("SCHEMA", `${where}: "${String(value)}" is no MAC like 02:00:0a:4d:00:01`);
  return text;
}

function readKinds(value: unknown, where: string): Set<string> {
  const known: readonly string[] = NETWORK_ALERT_KINDS;
  if (!Array.isArray(value) || value.length === 0 || !value.every((kind) => known.includes(kind))) {
    throw new Rejection("SCHEMA", `${where}: kinds are among ${known.join(", ")}`);
  }
  return new Set(value);
}
