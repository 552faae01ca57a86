import assert from "node:assert/strict";
import { CommandFailure } from "../../cli/failure.js";
import { untilStopped } from "../../cli/launch/until-stopped.js";

/** As if this process had got the signal: a real one would end the tests. */
const signal = () => process.emit("SIGTERM", "SIGTERM");

describe("what runs until it is stopped", () => {
  const run = (parts: { failed?: Promise<string>; announce?: () => void }) => {
    const calls: string[] = [];
    const stop = async () => {
      calls.push("stop");
    };
    const announce = () => {
      calls.push("announce");
      parts.announce?.();
    };
    return { calls, ended: untilStopped({ stop, announce, ...(parts.failed && { failed: parts.failed }) }) };
  };

  it("hears a signal that the announcement brings, stops, and listens no more", async () => {
    const before = process.listenerCount("SIGTERM");
    const { calls, ended } = run({ failed: new Promise(() => {}), announce: signal });
    await ended;
    assert.deepEqual(calls, ["announce", "stop"]);
    assert.equal(process.listenerCount("SIGTERM"), before);
  });

  it("stops everything when a part ends by itself, and says which", async () => {
    const { calls, ended } = run({ failed: Promise.resolve("the plant ended (1)") });
    await assert.rejects(ended, new CommandFailure("the plant ended (1)"));
    assert.deepEqual(calls, ["announce", "stop"]);
  });

  it("takes a part that ended of the same signal, a moment before we heard it, for no failure", async () => {
    const { calls, ended } = run({ failed: Promise.resolve("the fleet ended (null)") });
    setImmediate(signal);
    await ended;
    assert.deepEqual(calls, ["announce", "stop"]);
  });
});
