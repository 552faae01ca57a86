import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { type ReadCaptureOptions, readCaptureFile, readCaptureStream } from "../../../../lib/network/capture/file.js";
import { pcapHeader, pcapRecord, writePcap } from "../../../../lib/network/capture/writer.js";
import { heldMemory } from "../../../support/held-memory.js";
import { hex } from "./frames.js";

const UDP = hex("4500 001e 0000 0000 40 11 0000 0a4d0009 0a4d0001 0035 c350 000a 0000 abcd");

describe("capture: files", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-capture-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function file(bytes: Buffer): string {
    const path = join(folder, "capture");
    writeFileSync(path, bytes);
    return path;
  }

  async function count(bytes: Buffer, options: ReadCaptureOptions = {}) {
    let packets = 0;
    const counters = await readCaptureFile(file(bytes), () => packets++, options);
    return { packets, counters };
  }

  const capture = (packets: number) =>
    writePcap(
      Array.from({ length: packets }, (_, time) => ({ time, bytes: UDP })),
      101,
    );

  it("reads plain and gzip files alike and tells how far it is", async () => {
    for (const bytes of [capture(70_000), gzipSync(capture(70_000))]) {
      const progress: [number, number][] = [];
      const { packets, counters } = await count(bytes, { onProgress: (read, total) => progress.push([read, total]) });
      assert.deepEqual([packets, counters.packets, counters.cutShort], [70_000, 70_000, false]);
      assert.deepEqual(progress.at(-1), [bytes.length, bytes.length]);
      assert.ok(progress.every(([read], i) => i === 0 || read > (progress[i - 1]?.[0] ?? 0)));
    }
  });

  it("reads a gzip file that was cut off as far as it goes, and refuses a damaged one", async () => {
    const whole = gzipSync(capture(20_000), { level: 0 });
    const { packets, counters } = await count(whole.subarray(0, 500_000));
    assert.ok(packets > 10_000 && packets < 11_000, String(packets));
    assert.equal(counters.cutShort, true);
    const damaged = Buffer.from(gzipSync(capture(20_000)));
    damaged.fill(0xff, 30, 60);
    await assert.rejects(count(damaged), /FORMAT: damaged gzip file: /);
    await assert.rejects(count(gzipSync(Buffer.from("hello, world"))), /FORMAT: not a capture: neither/);
  });

  it("refuses what is no capture, and passes on what the file system says", async () => {
    await assert.rejects(count(Buffer.alloc(0)), /FORMAT: empty capture/);
    await assert.rejects(count(Buffer.from("hello, world")), /FORMAT: not a capture: neither/);
    await assert.rejects(
      readCaptureFile(join(folder, "none"), () => {}),
      { code: "ENOENT" },
    );
  });

  it("ends when it is told to, and when nobody can take the packets", async () => {
    for (const bytes of [capture(70_000), gzipSync(capture(70_000))]) {
      const controller = new AbortController();
      let packets = 0;
      const path = file(bytes);
      const take = () => {
        if (++packets === 100) controller.abort(new RangeError("enough"));
      };
      await assert.rejects(readCaptureFile(path, take, { signal: controller.signal }), RangeError);
      assert.ok(packets < 70_000);
      const fail = () => {
        throw new TypeError("a fault of ours");
      };
      await assert.rejects(readCaptureFile(path, fail), TypeError);
    }
  });

  it("reads a stream of 200 MB in constant memory", async () => {
    const records = Array.from({ length: 2000 }, (_, time) => {
      // New addresses, ports and fragments all the time: nothing of them may stay.
      const bytes = Buffer.concat([UDP, Buffer.alloc(1000)]);
      bytes.writeUInt32BE(Math.imul(time, 0x9e3779b1) >>> 0, 12);
      return pcapRecord({ time, bytes });
    });
    const batch = Buffer.concat(records);
    const batches = Math.ceil(200e6 / batch.length);
    const address = 16 + 12;
    const source = function* () {
      yield pcapHeader(101);
      for (let i = 0; i < batches; i++) {
        for (let at = 0, n = 0; at < batch.length; at += 1046, n++) {
          batch.writeUInt32BE(Math.imul(i * 2000 + n, 0x01000193) >>> 0, at + address);
          // Every other packet is the first of two fragments whose rest never comes.
          batch.writeUInt16BE(n % 2 === 0 ? 0x2000 : 0, at + 16 + 6);
          batch.writeUInt16BE(n & 0xffff, at + 16 + 4);
          batch.writeUInt16BE(n % 2 === 0 ? 1028 : 30, at + 16 + 2);
        }
        yield batch;
      }
    };
    let half = 0;
    let packets = 0;
    const counters = await readCaptureStream(Readable.from(source(), { highWaterMark: 1 }), () => {
      if (++packets === batches * 1000) half = heldMemory();
    });
    assert.equal(packets + counters.unreadable, batches * 2000);
    assert.ok(counters.fragments.evicted + counters.fragments.timedOut > 90_000);
    const growth = heldMemory() - half;
    assert.ok(growth < 8e6, `${growth} bytes more after the second half`);
  });
});
