import assert from "node:assert/strict";
import fc from "fast-check";
import { parseBrokerUrl } from "../../../lib/broker/broker-url.js";

const SCHEMES = ["mqtt:", "mqtts:"];

function refusal(text: string): string {
  try {
    parseBrokerUrl(text, SCHEMES);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("it was accepted");
}

describe("broker URL", () => {
  it("separates the address from the login", () => {
    const { url, login } = parseBrokerUrl("mqtts://site%20user:p%40ss%3A%2F@broker.example:8883", SCHEMES);
    assert.equal(url.href, "mqtts://broker.example:8883");
    assert.deepEqual(login, { username: "site user", password: "p@ss:/" });
    assert.deepEqual(Object.keys(parseBrokerUrl("mqtt://[::1]:1883", SCHEMES)), ["url"]);
    assert.equal(parseBrokerUrl("mqtt://[::1]:1883", SCHEMES).url.host, "[::1]:1883");
    assert.equal(parseBrokerUrl("mqtt://only-a-name@h", SCHEMES).login?.password, "");
  });

  it("gives back any user name and password that were percent-encoded", () => {
    const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(text, text, (username, password) => {
        const [user, secret] = [username, password].map(encodeURIComponent);
        const target = parseBrokerUrl(`mqtt://${user}:${secret}@h:1`, SCHEMES);
        assert.deepEqual(target.login, { username, password });
        assert.equal(target.url.href, "mqtt://h:1");
      }),
      { seed: 20260101, numRuns: 300 },
    );
  });

  it("refuses the rest and never quotes it", () => {
    const secret = "s3cr3t";
    for (const [text, reason] of [
      [`http://u:${secret}@h`, /must start with mqtt:\/\/ or mqtts:\/\//],
      [`mqtt:${secret}`, /name a host/],
      [`u:${secret}@h`, /must start/],
      [`mqtt://u:${secret}%zz@h`, /percent-encoded/],
      [`mqtt://u:${secret}/x@h`, /percent-encoded/],
      [`mqtt://u:12/${secret}@h`, /percent-encoded/],
      [`mqtt://u:12#${secret}@h`, /percent-encoded/],
      [`mqtt://u:12?${secret}@h`, /percent-encoded/],
      [secret, /no URL/],
      ["", /no URL/],
    ] as const) {
      assert.match(refusal(text), reason, text);
      assert.ok(!refusal(text).includes(secret), text);
    }
  });
});
