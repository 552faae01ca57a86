import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fuzz } from "../drills/decoder-fuzz.js";
import { drills } from "../drills/index.js";
import { TYPESCRIPT_EXEC_ARGV } from "../support/brokers.js";
import { type FuzzedDecoder, fuzzedDecoders } from "../support/fuzzed-decoders.js";

const SEED = 20_260_101;
const RUNS = 1000;

function run(...args: string[]) {
  const script = join(__dirname, "..", "drills", "main.ts");
  return spawnSync(process.execPath, [...TYPESCRIPT_EXEC_ARGV, script, ...args], { encoding: "utf8" });
}

describe("drills", () => {
  it("are listed, run by name and refused by a wrong one", () => {
    const listed = run("--list");
    assert.equal(listed.status, 0);
    for (const name of drills.keys()) assert.match(listed.stdout, new RegExp(`^${name} `, "m"));
    for (const args of [[], ["no-such-drill"], ["mask-kill", "--seed", "x"], ["--no-such-option"]]) {
      assert.equal(run(...args).status, 2, args.join(" "));
    }
  });

  it("print one closing line with the figures", () => {
    // A short one; CI runs decoder-fuzz --reduced by itself.
    const passed = run("forged-sources", "--reduced", "--seed", "1");
    assert.equal(passed.status, 0, passed.stdout);
    assert.match(passed.stdout, /^forged-sources: reduced, seed 1$/m);
    assert.match(passed.stdout, /^forged-sources: passed: 200000 forged sources.* \(\d+ s\)\n$/m);
  });

  it("find a decoder that lets a foreign exception out", () => {
    const [sound] = fuzzedDecoders(SEED) as [FuzzedDecoder];
    const broken: FuzzedDecoder = {
      ...sound,
      valid: [Buffer.from('{"a":1}')],
      open: (input) => JSON.parse(input.toString()),
    };
    assert.throws(() => fuzz(broken, RUNS, SEED), /Counterexample/);
  });

  for (const decoder of fuzzedDecoders(SEED)) {
    it(`${decoder.name}: hostile input is accepted as valid or refused in its own way`, () => {
      const { accepted, refused } = fuzz(decoder, RUNS, SEED);
      assert.ok(accepted > 0 && refused > RUNS / 3, `${accepted} accepted, ${refused} refused`);
    });
  }
});
