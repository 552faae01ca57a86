import assert from "node:assert/strict";
import fc from "fast-check";
import { covers, isTopicFilter, isTopicName } from "../../../lib/broker/topic.js";

/** Matching as a regular expression: an implementation of its own to compare with. */
function matches(filter: string, topic: string): boolean {
  if (topic.startsWith("$") !== filter.startsWith("$")) return false;
  const pattern = filter.replaceAll("$", "\\$").replaceAll("+", "[^/]*").replace(/^#$/, ".*").replace(/\/#$/, "(/.*)?");
  return new RegExp(`^${pattern}$`).test(topic);
}

describe("MQTT topics", () => {
  it("refuses control characters, U+FFFF, undecodable bytes and wildcards in a topic", () => {
    assert.ok(isTopicName("dc/temperature/raw_encrypted"));
    assert.ok(isTopicName("haus/küche/温度/😀"));
    const bad = ["", "a\u0000b", "a\nb", "a\u007fb", "a\u0085b", "a\uffffb", Buffer.from([0x61, 0xff]).toString()];
    for (const topic of [...bad, "a/#", "a/+/b", "x".repeat(1025)]) assert.equal(isTopicName(topic), false);
  });

  it("wants wildcards to fill a level, and # to be the last", () => {
    for (const filter of ["#", "+", "a/#", "+/b/#", "a/+/c", "/"]) assert.ok(isTopicFilter(filter), filter);
    for (const filter of ["a#", "#/a", "a/b+", "+a/b", "", "a/\u0000"]) assert.equal(isTopicFilter(filter), false);
  });

  it("grants a subscription only what the rule covers", () => {
    const granted: [string, string][] = [
      ["a/b", "a/b"],
      ["a/#", "a/b/c"],
      ["a/#", "a/#"],
      ["a/#", "a"],
      ["a/#", "a/+/c"],
      ["a/+", "a/+"],
      ["#", "#"],
      ["$SYS/#", "$SYS/#"],
    ];
    const refused: [string, string][] = [
      ["a/b", "#"],
      ["a/b", "a/+"],
      ["a/b", "a/#"],
      ["a/+", "a/#"],
      ["a/+/c", "a/b/+"],
      ["a/b", "a/b/c"],
      ["a/b/c", "a/b"],
      ["#", "$SYS/#"],
      ["+/x", "$SYS/x"],
      ["a/+", "a"],
    ];
    for (const [rule, filter] of granted) assert.ok(covers(rule, filter), `${rule} should grant ${filter}`);
    for (const [rule, filter] of refused) assert.equal(covers(rule, filter), false, `${rule} must not grant ${filter}`);
  });

  it("never lets a subscription deliver a topic that the rule does not match", () => {
    const level = fc.constantFrom("a", "b", "$x", "");
    const filterLevels = fc.array(fc.oneof(level, fc.constant("+")), { minLength: 1, maxLength: 4 });
    const filter = fc
      .tuple(filterLevels, fc.boolean())
      .map(([levels, hash]) => [...levels, ...(hash ? ["#"] : [])].join("/"))
      .filter((text) => text !== "");
    const topic = fc.array(level, { minLength: 1, maxLength: 5 }).map((levels) => levels.join("/"));
    let granted = 0;
    fc.assert(
      fc.property(filter, filter, topic, (rule, wanted, name) => {
        fc.pre(name !== "");
        assert.equal(covers(rule, name), matches(rule, name), `${rule} against the topic ${name}`);
        if (!covers(rule, wanted) || !matches(wanted, name)) return;
        granted++;
        assert.ok(matches(rule, name), `${rule} grants ${wanted}, which delivers ${name}`);
      }),
      { seed: 20_260_131, numRuns: 20_000 },
    );
    assert.ok(granted > 100, "the generator has to reach the interesting cases");
  });
});
