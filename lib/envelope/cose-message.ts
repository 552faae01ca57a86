import { isIdentifier } from "../common/identifier.js";
import { Rejection } from "../common/rejection.js";
import { CborReader, cborHead, cborString } from "./cbor-reader.js";

/** COSE_Encrypt0's tag (RFC 9052 section 2). */
const ENCRYPT0_TAG = 16;
/** `{1: 1}`: algorithm A128GCM (RFC 9053 section 4.1), as the bytes that are authenticated. */
export const PROTECTED_HEADER = Buffer.from("a10101", "hex");

/** Header labels of RFC 9052 section 3.1 and RFC 8613 section 3.2 (kid context). */
const LABEL = { kid: 4, partialIv: 6, kidContext: 10 } as const;

const COUNTER_BYTES = 8;
export const BOOT_ID_BYTES = 8;
export const COSE_TAG_BYTES = 16;
const MAX_KID_BYTES = 32;
const MAX_EPOCH = 0xffff_ffff;

/** Who sealed a message and as its how-manieth; unproved until the tag has been checked. */
export interface CoseSender {
  device: string;
  /** Key epoch, 0 to 2^32 - 1. */
  epoch: number;
  /** Message counter of this key epoch, 0 to 2^64 - 1. */
  counter: bigint;
  /** 8 random bytes of the device's present boot. */
  bootId: Buffer;
}

export interface CoseMessage extends CoseSender {
  /** `<device>:<epoch>` as it stands in the message. */
  kid: Buffer;
  /** AES-GCM ciphertext and tag. */
  ciphertext: Buffer;
}

/** The key identifier of a device's epoch; @throws {TypeError} when it would exceed 32 bytes or is no identifier. */
export function coseKid(device: string, epoch: number): Buffer {
  const kid = Buffer.from(`${device}:${epoch}`);
  if (!isIdentifier(device) || kid.length > MAX_KID_BYTES) {
    throw new TypeError(`"device:epoch" must be an identifier and a number of at most ${MAX_KID_BYTES} bytes together`);
  }
  if (!Number.isInteger(epoch) || epoch < 0 || epoch > MAX_EPOCH) throw new TypeError("an epoch is 0 to 2^32 - 1");
  return kid;
}

function senderOf(kid: Buffer): { device: string; epoch: number } {
  const text = kid.toString("latin1");
  const colon = text.lastIndexOf(":");
  const [device, digits] = [text.slice(0, colon), text.slice(colon + 1)];
  const epoch = Number(digits);
  if (colon < 0 || !isIdentifier(device) || !/^(0|[1-9]\d{0,9})$/.test(digits) || epoch > MAX_EPOCH) {
    throw new Rejection("FORMAT", "the key identifier is not device:epoch");
  }
  return { device, epoch };
}

/** Reads up to the key identifier. @throws {Rejection} FORMAT. */
function readKid(reader: CborReader): Buffer {
  reader.expect("tag", ENCRYPT0_TAG, "the COSE tag");
  reader.expect("array", 3, "the COSE array");
  if (!reader.bytes().equals(PROTECTED_HEADER)) throw new Rejection("FORMAT", "the algorithm is not A128GCM");
  reader.expect("map", 3, "the unprotected header");
  reader.expect("unsigned", LABEL.kid, "the first header label");
  return reader.bytes();
}

/** The key epoch that a message names, before anything behind it is read. @throws {Rejection} FORMAT. */
export function namedEpoch(message: Buffer): number {
  return senderOf(readKid(new CborReader(message))).epoch;
}

/**
 * Takes a COSE_Encrypt0 message of this one shape apart:
 * `16([h'A10101', {4: kid, 6: counter (8 bytes), 10: boot id (8 bytes)}, ciphertext])`.
 * Another order, another length form, one more label or byte is refused, so that a message has one encoding only.
 *
 * @throws {Rejection} FORMAT.
 */
export function parseCoseMessage(message: Buffer): CoseMessage {
  const reader = new CborReader(message);
  const kid = readKid(reader);
  reader.expect("unsigned", LABEL.partialIv, "the second header label");
  const partialIv = reader.bytes();
  reader.expect("unsigned", LABEL.kidContext, "the third header label");
  const bootId = reader.bytes();
  const ciphertext = reader.bytes();
  reader.end();
  if (kid.length > MAX_KID_BYTES) throw new Rejection("FORMAT", "the key identifier is too long");
  if (partialIv.length !== COUNTER_BYTES || bootId.length !== BOOT_ID_BYTES || ciphertext.length < COSE_TAG_BYTES) {
    throw new Rejection("FORMAT", "a field of the COSE message has the wrong length");
  }
  const { device, epoch } = senderOf(kid);
  return { device, epoch, kid, counter: partialIv.readBigUInt64BE(), bootId, ciphertext };
}

/** The bytes of a message; its inverse is {@link parseCoseMessage}. */
export function formatCoseMessage({ kid, counter, bootId, ciphertext }: Omit<CoseMessage, "device" | "epoch">): Buffer {
  const partialIv = Buffer.alloc(COUNTER_BYTES);
  partialIv.writeBigUInt64BE(counter);
  return Buffer.concat([
    cborHead("tag", ENCRYPT0_TAG),
    cborHead("array", 3),
    cborString(PROTECTED_HEADER),
    cborHead("map", 3),
    cborHead("unsigned", LABEL.kid),
    cborString(kid),
    cborHead("unsigned", LABEL.partialIv),
    cborString(partialIv),
    cborHead("unsigned", LABEL.kidContext),
    cborString(bootId),
    cborString(ciphertext),
  ]);
}

/** The authenticated data of RFC 9052 section 5.3: `["Encrypt0", protected header, external data]`. */
export function encStructure(protectedHeader: Buffer, external: Buffer): Buffer {
  return Buffer.concat([
    cborHead("array", 3),
    cborString("Encrypt0"),
    cborString(protectedHeader),
    cborString(external),
  ]);
}
