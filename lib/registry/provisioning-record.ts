import { crc32 } from "node:zlib";
import { isIdentifier } from "../common/identifier.js";

/** First word of a record: its version. */
const RECORD = "redoubt1";
const MAX_DEVICE = 26;
const MAX_EPOCH = 99_999;
const KEY_BYTES = 32;
const PASSWORD = /^[!-~]{1,64}$/;

/** What gives a device its name, its key and its password at the broker. */
export interface ProvisioningInput {
  device: string;
  /** Key epoch, 1 to 99,999. */
  epoch: number;
  /** 32 bytes. */
  key: Uint8Array;
  /** Of the account with the device's name; undefined for a broker that asks for none. */
  password?: string;
}

/**
 * The line that a device with Redoubt's firmware takes by its serial port or its set-up page:
 * `redoubt1 <device> <epoch> <key in hex> <password, or -> <CRC-32 of what stands before it, in hex>`. Whoever has the
 * line has the key: show it to nobody else, and keep it in no file.
 *
 * @throws {TypeError} for what the firmware would refuse, without the secrets.
 */
export function provisioningRecord({ device, epoch, key, password }: ProvisioningInput): string {
  if (!isIdentifier(device) || device.length > MAX_DEVICE) {
    throw new TypeError(`the firmware takes device names of at most ${MAX_DEVICE} characters`);
  }
  if (!Number.isInteger(epoch) || epoch < 1 || epoch > MAX_EPOCH) throw new TypeError(`epochs are 1 to ${MAX_EPOCH}`);
  if (key.length !== KEY_BYTES) throw new TypeError(`the firmware takes keys of ${KEY_BYTES} bytes`);
  if (password !== undefined && (!PASSWORD.test(password) || password === "-")) {
    throw new TypeError("the firmware takes passwords of 1 to 64 visible ASCII characters");
  }
  const text = [RECORD, device, epoch, Buffer.from(key).toString("hex"), password ?? "-"].join(" ");
  return `${text} ${crc32(text).toString(16).padStart(8, "0")}`;
}
