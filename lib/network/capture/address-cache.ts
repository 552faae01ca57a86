import { ipv4Text, ipv6Text, macText } from "./address-text.js";

const IPV4_SLOT_BITS = 16;
const IPV6_SLOT_BITS = 14;
const MAC_SLOT_BITS = 12;
/** 2^32 divided by the golden ratio: spreads keys that differ in few bits (Knuth, TAOCP 3, 6.4). */
const GOLDEN = 0x9e3779b1;

function word(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

/**
 * Texts of addresses, so that a packet of a known host costs no new string. Each address has one place it can be in;
 * a newcomer takes that place over. Memory is thereby fixed, whatever the sources are.
 */
export class AddressCache {
  private readonly ipv4Keys = new Uint32Array(1 << IPV4_SLOT_BITS);
  private readonly ipv4Texts: string[] = new Array(1 << IPV4_SLOT_BITS).fill("");
  private readonly ipv6Keys = new Uint32Array(4 << IPV6_SLOT_BITS);
  private readonly ipv6Texts: string[] = new Array(1 << IPV6_SLOT_BITS).fill("");
  private readonly macKeys = new Uint32Array(2 << MAC_SLOT_BITS);
  private readonly macTexts: string[] = new Array(1 << MAC_SLOT_BITS).fill("");

  /** Text of the IPv4 address whose four bytes are at `at`. */
  ipv4(bytes: Uint8Array, at: number): string {
    const key = word(bytes, at);
    const slot = Math.imul(key, GOLDEN) >>> (32 - IPV4_SLOT_BITS);
    const known = this.ipv4Texts[slot] as string;
    if (this.ipv4Keys[slot] === key && known !== "") return known;
    this.ipv4Keys[slot] = key;
    const text = ipv4Text(key);
    this.ipv4Texts[slot] = text;
    return text;
  }

  /** Text of the IPv6 address whose sixteen bytes are at `at`. */
  ipv6(bytes: Uint8Array, at: number): string {
    const a = word(bytes, at);
    const b = word(bytes, at + 4);
    const c = word(bytes, at + 8);
    const d = word(bytes, at + 12);
    const mixed = Math.imul(Math.imul(Math.imul(a, GOLDEN) ^ b, GOLDEN) ^ c, GOLDEN) ^ d;
    const slot = Math.imul(mixed, GOLDEN) >>> (32 - IPV6_SLOT_BITS);
    const keys = this.ipv6Keys;
    const first = 4 * slot;
    const known = this.ipv6Texts[slot] as string;
    if (keys[first] === a && keys[first + 1] === b && keys[first + 2] === c && keys[first + 3] === d && known !== "") {
      return known;
    }
    keys[first] = a;
    keys[first + 1] = b;
    keys[first + 2] = c;
    keys[first + 3] = d;
    const text = ipv6Text(bytes, at);
    this.ipv6Texts[slot] = text;
    return text;
  }

  /** Text of the Ethernet address whose six bytes are at `at`. */
  mac(bytes: Uint8Array, at: number): string {
    const high = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
    const low = word(bytes, at + 2);
    const slot = Math.imul(Math.imul(high, GOLDEN) ^ low, GOLDEN) >>> (32 - MAC_SLOT_BITS);
    const known = this.macTexts[slot] as string;
    if (this.macKeys[2 * slot] === high && this.macKeys[2 * slot + 1] === low && known !== "") return known;
    this.macKeys[2 * slot] = high;
    this.macKeys[2 * slot + 1] = low;
    const text = macText(bytes, at);
    this.macTexts[slot] = text;
    return text;
  }
}
