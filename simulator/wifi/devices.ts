import { SeededRandom } from "../../lib/common/seeded-random.js";

/** What a device's address is. */
export type AddressKind = "burned-in" | "random" | "random-daily";

const VENDORS = ["Apple", "Samsung", "Intel", "Google", "Xiaomi", "Huawei", "Dell", "Unknown"] as const;
const KIND_NAMES = ["phone", "laptop", "tablet", "watch"] as const;
/** Of the devices with a random address, those which take a new one every day. */
const DAILY_SHARE = 0.3;

/** All devices of a campus; what is asked of one is computed from its number, nothing of it is kept. */
export class Devices {
  /** 0 burned-in, 1 random, 2 random and new every day. */
  private readonly kinds: Uint8Array;
  private readonly floors: Uint8Array;
  private readonly salt: number;

  /** @param randomShare of devices that do not show their own address. */
  constructor(
    readonly count: number,
    seed: number,
    randomShare: number,
    floors: number,
  ) {
    const random = new SeededRandom(seed ^ 0x5f1e_0002);
    this.salt = random.uint32();
    this.kinds = Uint8Array.from({ length: count }, () => {
      if (random.uniform() >= randomShare) return 0;
      return random.uniform() < DAILY_SHARE ? 2 : 1;
    });
    this.floors = Uint8Array.from({ length: count }, () => 1 + random.integer(floors));
  }

  kindOf(device: number): AddressKind {
    return (["burned-in", "random", "random-daily"] as const)[this.kinds[device] as number] as AddressKind;
  }

  /** Where its owner mostly is. */
  floorOf(device: number): number {
    return this.floors[device] as number;
  }

  /** @param day since 1970-01-01. @returns `aa:bb:cc:dd:ee:ff`; randomised ones are locally administered (IEEE 802). */
  macOf(device: number, day: number): string {
    const kind = this.kinds[device] as number;
    const random = new SeededRandom(this.salt + device * 0x1_0000_0000 + (kind === 2 ? day * 65_537 : 0));
    const high = random.uint32();
    // The number itself in the last bytes keeps two devices from sharing an address.
    const first = ((high >>> 24) & 0xfc) | (kind === 0 ? 0 : 2);
    const bytes = [first, high & 0xff, (high >>> 8) & 0xff, kind === 2 ? day & 0xff : (device >> 16) & 0xff];
    return [...bytes, (device >> 8) & 0xff, device & 0xff].map(hex).join(":");
  }

  vendorOf(device: number): string {
    return this.kinds[device] === 0 ? (VENDORS[device % VENDORS.length] as string) : "Unknown";
  }

  nameOf(device: number): string {
    return `${KIND_NAMES[device % KIND_NAMES.length]}-${device}`;
  }
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const hex = (byte: number) => HEX[byte] as string;
