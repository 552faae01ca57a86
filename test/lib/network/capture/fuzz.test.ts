import assert from "node:assert/strict";
import { CaptureReader } from "../../../../lib/network/capture/reader.js";
import { CAPTURES, fuzzCaptures } from "../../../support/capture-fuzz.js";

describe("capture: hostile bytes", () => {
  it("begins with captures that are wholly readable", () => {
    for (const capture of CAPTURES) {
      const reader = new CaptureReader(() => {});
      reader.push(capture);
      reader.end();
      assert.deepEqual([reader.counters.malformed, reader.counters.cutShort], [{}, false]);
      assert.ok(reader.counters.fragments.reassembled > 0);
    }
  });

  it("ends, counts or refuses, whatever is done to a capture, and however it arrives", () => {
    const result = fuzzCaptures(1500, 6);
    for (const [what, count] of Object.entries(result)) assert.ok(count > 20, `${what}: ${count}`);
  });
});
