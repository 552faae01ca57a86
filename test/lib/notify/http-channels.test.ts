import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import type { ServerResponse } from "node:http";
import fc from "fast-check";
import type { Alert } from "../../../lib/notify/alert.js";
import type { Channel, DeliveryFailure } from "../../../lib/notify/channel.js";
import { discordMessage, escapeMarkdown, TOTAL } from "../../../lib/notify/channels/discord-message.js";
import { retryAfterMs } from "../../../lib/notify/http-post.js";
import { openChannel } from "../../../lib/notify/open-channel.js";
import { readChannelSettings } from "../../../lib/notify/read-channel.js";
import { answerWith, HttpServer } from "./http-server.js";
import { alertOf, HOSTILE_NAME, NOON } from "./support.js";

const TOKEN_PATH = "/api/webhooks/1234/s3cr3t-t0ken";

interface Embed {
  title: string;
  description?: string;
  fields: { name: string; value: string }[];
  footer: { text: string };
}

function embedOf(message: unknown): Embed {
  return (message as { embeds: Embed[] }).embeds[0] as Embed;
}

describe("HTTP channels", () => {
  let server: HttpServer;

  afterEach(() => server.stop());

  async function start(answer: (response: ServerResponse, count: number) => void): Promise<void> {
    server = await HttpServer.start(answer);
  }

  function open(channel: "discord" | "webhook", credentials: Record<string, string> = {}): Channel {
    const url = `${server.origin}${channel === "discord" ? TOKEN_PATH : "/hook?token=s3cr3t"}`;
    return openChannel(readChannelSettings({ channel }, { url, ...credentials }, "1.0"));
  }

  const send = (channel: Channel, alert: Alert = alertOf(), milliseconds = 60_000) =>
    channel.send(alert, AbortSignal.timeout(milliseconds));

  async function failureOf(channel: Channel, milliseconds?: number): Promise<DeliveryFailure> {
    try {
      await send(channel, alertOf(), milliseconds);
    } catch (error) {
      assert.equal((error as Error).name, "DeliveryFailure");
      assert.doesNotMatch((error as Error).message, /s3cr3t|\/hook|\/api/, "no error names the token");
      return error as DeliveryFailure;
    }
    throw new Error("it was delivered");
  }

  it("post an embed to Discord that mentions nobody, and ask for its confirmation", async () => {
    await start(answerWith(200, {}, "{}"));
    const alert = alertOf();
    await send(open("discord"), alert);
    assert.equal(server.last.url, `${TOKEN_PATH}?wait=true`);
    assert.equal(server.last.headers["content-type"], "application/json");
    const message = JSON.parse(server.last.body);
    assert.deepEqual(message.allowed_mentions, { parse: [] });
    assert.equal(message.content, undefined);
    assert.equal(embedOf(message).title, "flood from pump\\-1");
    assert.equal(embedOf(message).description, `\`\`\`\n${alert.text}\n\`\`\``);
  });

  it("honour Discord's 429: the header, the body, and the longer of both", async () => {
    await start((response, count) => {
      if (count === 1) answerWith(429, { "retry-after": "3" })(response);
      else if (count === 2) answerWith(429, {}, '{"retry_after": 0.75, "global": false}')(response);
      else if (count === 3) answerWith(429, { "retry-after": "1" }, '{"retry_after": 64.57}')(response);
      else if (count === 4) answerWith(429, { "retry-after": "soon" }, '{"retry_after": "x"}')(response);
      else answerWith(204)(response);
    });
    const channel = open("discord");
    for (const expected of [3000, 750, 64_570, undefined]) {
      const failure = await failureOf(channel);
      assert.deepEqual([failure.permanent, failure.retryAfterMs], [false, expected]);
    }
    await send(channel);
  });

  it("keep every node away from Discord while its global limit lasts", async () => {
    await start(answerWith(429, {}, '{"retry_after": 600, "global": true}'));
    await failureOf(open("discord"));
    const failure = await failureOf(open("discord"));
    assert.match(failure.message, /pause from everybody/);
    assert.ok((failure.retryAfterMs ?? 0) > 500_000);
    assert.equal(server.received.length, 1);
  });

  it("tell final answers from passing ones, and quote nothing that a server said", async () => {
    await start((response, count) => {
      const status = [400, 401, 403, 404, 405, 410, 301, 307, 408, 425, 429, 500, 502, 503][count - 1] as number;
      answerWith(status, { location: "https://evil.example/s3cr3t", "retry-after": "9" }, "s3cr3t")(response);
    });
    const channel = open("webhook", { token: "s3cr3t" });
    const permanent: boolean[] = [];
    for (let i = 0; i < 14; i++) permanent.push((await failureOf(channel)).permanent);
    assert.deepEqual(permanent, [...Array(8).fill(true), ...Array(6).fill(false)]);
    assert.equal(server.received.length, 14, "no redirect was followed");
  });

  it("give up on a server that hangs, before or within its answer, and on one that hangs up", async () => {
    // Not by their number: an attempt may be given up before the server has read a word of it.
    let answer = (_response: ServerResponse) => {};
    await start((response) => answer(response));
    const host = new URL(server.origin).host;
    const channel = open("webhook");
    assert.equal((await failureOf(channel, 100)).message, `${host} did not answer in time`);
    answer = (response) => {
      response.writeHead(200);
      response.write("half");
    };
    assert.equal((await failureOf(channel, 100)).message, `${host} did not answer in time`);
    answer = (response) => void response.destroy();
    const reset = await failureOf(channel);
    assert.deepEqual([reset.message, reset.permanent], [`cannot deliver to ${host}: ECONNRESET`, false]);
  });

  it("do not read an endless answer", async () => {
    await start((response) => {
      response.writeHead(200);
      const more = () => {
        if (!response.destroyed) response.write("x".repeat(65_536), () => setImmediate(more));
      };
      more();
    });
    await send(open("webhook"));
  });

  it("post an alert as JSON, signed so that a receiver can check it", async () => {
    await start(answerWith(204));
    const alert = alertOf({ source: HOSTILE_NAME });
    const key = Buffer.from("0123456789abcdef0123456789abcdef");
    for (const [secret, bytes] of [
      ["plain text secret", Buffer.from("plain text secret")],
      [`whsec_${key.toString("base64")}`, key],
    ] as const) {
      await send(open("webhook", { secret, token: "bearer-t0ken" }), alert);
      const { headers, body } = server.last;
      assert.deepEqual(JSON.parse(body), { ...alert, at: new Date(alert.at).toISOString() });
      assert.equal(headers.authorization, "Bearer bearer-t0ken");
      assert.equal(headers["webhook-id"], alert.id);
      const content = `${alert.id}.${headers["webhook-timestamp"]}.${body}`;
      const mac = createHmac("sha256", bytes).update(content).digest("base64");
      assert.equal(headers["webhook-signature"], `v1,${mac}`);
      assert.ok(!body.includes(secret));
    }
    await send(open("webhook"), alert);
    assert.equal(server.last.headers["webhook-signature"], undefined);
    assert.equal(server.last.headers.authorization, undefined);
  });
});

describe("a message for Discord", () => {
  /** What is left once everything is taken away that Discord shows as it is: code, and escaped punctuation. */
  function interpreted(text: string): string {
    return text
      .replace(/^```\n[^`]*\n```$/, "")
      .replace(/^`[^`]*`$/, "")
      .replace(/\\[!-/:-@[-`{-~]/g, "");
  }

  it("gives no meaning to anything in a hostile name", () => {
    const hostile = [
      HOSTILE_NAME,
      "https://evil.example",
      "<t:1:R> </x:1> <#1> :smile: ||spoiler||",
      "``` @here ```",
      "\\`@here",
    ];
    for (const name of hostile) {
      const message = discordMessage(alertOf({ title: name, text: name, source: name, type: name, topic: name }));
      const embed = embedOf(message);
      const texts = [embed.title, embed.description ?? "", ...embed.fields.map(({ value }) => value)];
      for (const text of texts) assert.doesNotMatch(interpreted(text), /[[\]()<>@*_~|`#:/\\]/, text);
      assert.doesNotMatch(embed.title, /@everyone|:\/\//);
    }
  });

  it("keeps to Discord's lengths whatever the alert holds", () => {
    const text = fc.string({ unit: fc.constantFrom("`", "@", "\\", "a", "😀", "_", "\n"), maxLength: 5000 });
    fc.assert(
      fc.property(text, text, (any, other) => {
        const message = discordMessage(
          alertOf({
            title: any.slice(0, 200),
            text: other.slice(0, 4000),
            source: any.slice(0, 64),
            topic: other.slice(0, 256),
          }),
        );
        const { title, description = "", fields, footer } = embedOf(message);
        assert.ok(title.length <= 256 && description.length <= 4096 && footer.text.length <= 2048);
        assert.ok(fields.every(({ name, value }) => name.length <= 256 && value.length <= 1024));
        const all = [title, description, footer.text, ...fields.flatMap(({ name, value }) => [name, value])];
        assert.ok(all.join("").length <= TOTAL);
      }),
      { seed: 20261121, numRuns: 200 },
    );
  });

  it("escapes each punctuation mark of ASCII", () => {
    assert.equal(escapeMarkdown("a_b [x](y) é"), "a\\_b \\[x\\]\\(y\\) é");
  });
});

describe("retryAfterMs", () => {
  it("reads seconds and dates, and nothing else", () => {
    assert.equal(retryAfterMs("120", NOON), 120_000);
    assert.equal(retryAfterMs("0.5", NOON), 500);
    assert.equal(retryAfterMs("Sat, 21 Nov 2026 12:00:30 GMT", NOON), 30_000);
    assert.equal(retryAfterMs("Sat, 21 Nov 2026 11:00:00 GMT", NOON), 0);
    for (const value of [undefined, "", "-5", "1e9", "later"])
      assert.equal(retryAfterMs(value, NOON), undefined, value);
  });
});
