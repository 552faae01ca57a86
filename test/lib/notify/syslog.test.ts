import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { hostname } from "node:os";
import fc from "fast-check";
import { LIMITS } from "../../../lib/notify/alert.js";
import type { DeliveryFailure } from "../../../lib/notify/channel.js";
import { syslogMessage } from "../../../lib/notify/channels/syslog-message.js";
import { openChannel } from "../../../lib/notify/open-channel.js";
import { oneLine } from "../../../lib/notify/plain-text.js";
import { readChannelSettings } from "../../../lib/notify/read-channel.js";
import { freePort } from "../../support/free-port.js";
import { alertOf, HOSTILE_NAME, NOON, until } from "./support.js";
import { parseCef, parseSyslog, splitFrames } from "./syslog-parser.js";

const FORMAT = {
  facility: 10,
  body: "text",
  structuredDataId: "redoubt@32473",
  hostname: "gateway",
  processId: 42,
  version: "1.0",
} as const;
const CEF = { ...FORMAT, body: "cef" } as const;
const HOSTILE_TEXT = 'x"] [evil@1 y="z\\\\"\n|cs1=forged\\|=|é';
const anyText = fc.string({
  unit: fc.constantFrom('"', "]", "\\", "=", "|", " ", "\n", "a", "é", "😀"),
  maxLength: 300,
});

function open(syslogTransport: "udp" | "tcp", port: number, syslogBody = "text") {
  const raw = { channel: "syslog", syslogHost: "127.0.0.1", syslogPort: String(port), syslogTransport, syslogBody };
  return openChannel(readChannelSettings(raw, {}, "1.0"));
}

const signal = () => AbortSignal.timeout(60_000);

describe("a syslog message", () => {
  it("follows RFC 5424", () => {
    const alert = alertOf({ severity: "critical" });
    assert.deepEqual(parseSyslog(syslogMessage(alert, FORMAT, 2048)), {
      facility: 10,
      severity: 2,
      timestamp: "2026-11-21T12:00:00.000Z",
      hostname: "gateway",
      appName: "redoubt",
      processId: "42",
      messageId: "flood",
      data: new Map([
        [
          "redoubt@32473",
          new Map([
            ["id", alert.id],
            ["severity", "critical"],
            ["type", "flood"],
            ["source", "pump-1"],
            ["authenticated", "true"],
            ["count", "1"],
            ["topic", "iot/devices/pump-1/data"],
          ]),
        ],
      ]),
      text: "flood from pump-1: 142 messages/s: more than 20 times the usual rate",
    });
  });

  it("is a CEF event where that is wanted", () => {
    const alert = alertOf({ title: "a|b", text: "x = 1\ny", source: "s=\\|" });
    const { text, data } = parseSyslog(syslogMessage(alert, CEF, 8192));
    assert.equal(data.size, 0);
    assert.equal(
      text,
      `CEF:0|Redoubt|node-red|1.0|flood|a\\|b|6|rt=${NOON} externalId=${alert.id} cat=flood cnt=1 cs1Label=source ` +
        "cs1=s\\=\\\\| cs2Label=authenticated cs2=true cs3Label=topic cs3=iot/devices/pump-1/data msg=x \\= 1\\ny",
    );
  });

  it("lets no hostile text out of its field", () => {
    const alert = alertOf({ source: HOSTILE_NAME, type: HOSTILE_TEXT, topic: HOSTILE_TEXT, title: HOSTILE_TEXT });
    const { data, text } = parseSyslog(syslogMessage(alert, FORMAT, 2048));
    assert.deepEqual([...data.keys()], ["redoubt@32473"]);
    assert.equal(data.get("redoubt@32473")?.get("topic"), HOSTILE_TEXT);
    assert.ok(text.startsWith(HOSTILE_TEXT));
    const cef = parseCef(parseSyslog(syslogMessage(alert, CEF, 8192)).text);
    assert.equal(cef.extension.get("cs3"), HOSTILE_TEXT);
    assert.equal(cef.extension.get("cs1"), HOSTILE_NAME.replace("\r\n", "\n"));
    assert.equal(cef.header.length, 6);
  });

  it("stays well-formed and short enough whatever the alert holds", () => {
    fc.assert(
      fc.property(anyText, anyText, (any, other) => {
        const alert = alertOf({
          title: oneLine(any, LIMITS.title),
          text: (other + any).repeat(6),
          source: oneLine(other, LIMITS.source),
          topic: oneLine(any, LIMITS.topic),
        });
        for (const [format, limit] of [
          [FORMAT, 2048],
          [CEF, 8192],
        ] as const) {
          const bytes = syslogMessage(alert, format, limit);
          assert.ok(bytes.length <= limit);
          const { data, text } = parseSyslog(bytes);
          const source =
            format === CEF ? parseCef(text).extension.get("cs1")?.trim() : data.get("redoubt@32473")?.get("source");
          assert.equal(source, alert.source);
        }
      }),
      { seed: 20261121, numRuns: 300 },
    );
  });

  it("is cut without half an escape", () => {
    const alert = alertOf({ text: "\\".repeat(1000) });
    const whole = syslogMessage(alert, CEF, 8192).length;
    for (let limit = whole - 5; limit < whole; limit++) {
      const backslashes = /\\*$/.exec(syslogMessage(alert, CEF, limit).toString())?.[0].length ?? 0;
      assert.equal(backslashes % 2, 0);
    }
  });
});

describe("syslog to real receivers", () => {
  const opened: { close(): unknown }[] = [];

  afterEach(() => {
    for (const receiver of opened.splice(0)) receiver.close();
  });

  it("goes out as one UDP datagram", async () => {
    const receiver = createSocket("udp4");
    opened.push(receiver);
    receiver.bind(0, "127.0.0.1");
    await once(receiver, "listening");
    const channel = open("udp", receiver.address().port);
    const received = once(receiver, "message");
    await channel.send(alertOf({ title: "é" }), signal());
    const [bytes] = (await received) as [Buffer];
    const { text, hostname: name } = parseSyslog(bytes);
    assert.match(text, /^é: 142/);
    assert.equal(name, hostname().replace(/[^!-~]/g, "_"));
    const large = once(receiver, "message");
    await channel.send(alertOf({ text: "é".repeat(4000) }), signal());
    const [cutBytes] = (await large) as [Buffer];
    assert.ok(cutBytes.length <= 2048 && cutBytes.length > 2040);
    parseSyslog(cutBytes);
  });

  async function listen(handle: (socket: Socket) => void): Promise<number> {
    const server = createServer({ allowHalfOpen: true }, handle).listen(0, "127.0.0.1");
    opened.push(server);
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  }

  it("is counted in octets over TCP, and delivered once the receiver has read it", async () => {
    let received = Buffer.alloc(0);
    let ended = 0;
    const port = await listen((socket) => {
      socket.on("data", (chunk) => {
        received = Buffer.concat([received, chunk]);
      });
      socket.on("end", () => {
        ended++;
        socket.end();
      });
    });
    for (const body of ["text", "cef"]) await open("tcp", port, body).send(alertOf({ title: "é" }), signal());
    // A receiver that is held up for seconds is not waited for.
    await until(() => ended === 2);
    const [text, cef] = splitFrames(received).map(parseSyslog);
    assert.match(text?.text ?? "", /^é: 142/);
    assert.equal(parseCef(cef?.text ?? "").header[4], "é");
  });

  it("fails where nobody listens, and where the receiver resets or says nothing", async () => {
    const nobody = open("tcp", await freePort());
    await assert.rejects(nobody.send(alertOf(), signal()), /cannot deliver to 127\.0\.0\.1: ECONNREFUSED/);
    const port = await listen((socket) => socket.resetAndDestroy());
    await assert.rejects(open("tcp", port).send(alertOf(), signal()), (error: DeliveryFailure) => {
      assert.match(
        error.message,
        /^(cannot deliver to 127\.0\.0\.1: E(CONNRESET|PIPE)|127\.0\.0\.1 closed the connection too early)$/,
      );
      return !error.permanent;
    });
  });
});
