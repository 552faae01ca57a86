/** Writes numbers in one byte order. */
export class Bytes {
  constructor(readonly isBig: boolean) {}

  u16(value: number): Buffer {
    const bytes = Buffer.alloc(2);
    if (this.isBig) bytes.writeUInt16BE(value);
    else bytes.writeUInt16LE(value);
    return bytes;
  }

  u32(value: number): Buffer {
    const bytes = Buffer.alloc(4);
    if (this.isBig) bytes.writeUInt32BE(value);
    else bytes.writeUInt32LE(value);
    return bytes;
  }

  u64(value: bigint): Buffer {
    const bytes = Buffer.alloc(8);
    if (this.isBig) bytes.writeBigUInt64BE(value);
    else bytes.writeBigUInt64LE(value);
    return bytes;
  }

  pcapHeader(magic: number, linkType = 101): Buffer {
    const { u32 } = this.bound();
    return Buffer.concat([u32(magic), this.u16(2), this.u16(4), u32(0), u32(0), u32(262_144), u32(linkType)]);
  }

  pcapRecord(seconds: number, fraction: number, frame: Buffer, wireLength = frame.length): Buffer {
    const { u32 } = this.bound();
    return Buffer.concat([u32(seconds), u32(fraction), u32(frame.length), u32(wireLength), frame]);
  }

  block(type: number, body: Buffer): Buffer {
    const padded = Buffer.concat([body, Buffer.alloc((4 - (body.length % 4)) % 4)]);
    const length = this.u32(padded.length + 12);
    return Buffer.concat([this.u32(type), length, padded, length]);
  }

  section(): Buffer {
    const length = this.u64(0xffff_ffff_ffff_ffffn);
    return this.block(0x0a0d0d0a, Buffer.concat([this.u32(0x1a2b3c4d), this.u16(1), this.u16(0), length]));
  }

  option(code: number, value: Buffer): Buffer {
    const padding = Buffer.alloc((4 - (value.length % 4)) % 4);
    return Buffer.concat([this.u16(code), this.u16(value.length), value, padding]);
  }

  interface(linkType: number, options: Buffer[] = [], snapLength = 0): Buffer {
    return this.block(1, Buffer.concat([this.u16(linkType), this.u16(0), this.u32(snapLength), ...options]));
  }

  enhanced(id: number, ticks: bigint, frame: Buffer, wireLength = frame.length): Buffer {
    const { u32 } = this.bound();
    const time = [u32(Number(ticks >> 32n)), u32(Number(ticks & 0xffff_ffffn))];
    return this.block(6, Buffer.concat([u32(id), ...time, u32(frame.length), u32(wireLength), frame]));
  }

  statistics(id: number, options: Buffer[]): Buffer {
    return this.block(5, Buffer.concat([this.u32(id), this.u64(0n), ...options]));
  }

  private bound() {
    return { u32: (value: number) => this.u32(value) };
  }
}
