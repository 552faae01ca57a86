import assert from "node:assert/strict";
import { isLoopback } from "../../../lib/notify/loopback.js";
import { type NotifyCredentials, readChannelSettings } from "../../../lib/notify/read-channel.js";

const SMTP = { channel: "smtp", smtpHost: "mail.example.org", mailFrom: "a@example.org", mailTo: "b@example.org" };
const SECRET = "s3cr3t";

function problem(raw: Record<string, unknown>, credentials: NotifyCredentials = {}): string {
  try {
    readChannelSettings(raw, credentials, "1.0");
  } catch (error) {
    assert.equal((error as Error).name, "RangeError");
    assert.ok(!(error as Error).message.includes(SECRET), "no error quotes a secret");
    return (error as Error).message;
  }
  return "accepted";
}

describe("readChannelSettings", () => {
  it("sends secrets over TLS only, except to this machine", () => {
    const secure: [string, string][] = [
      ["discord", "https"],
      ["webhook", "https"],
      ["mqtt", "mqtts"],
    ];
    for (const [channel, scheme] of secure) {
      const at = (url: string) => problem({ channel }, { url });
      assert.equal(at(`${scheme}://alerts.example/${SECRET}`), "accepted");
      for (const host of ["127.0.0.1:9", "localhost", "[::1]:9", "127.1.2.3"]) {
        assert.equal(at(`${scheme.slice(0, -1)}://${host}/${SECRET}`), "accepted", host);
      }
      for (const host of ["alerts.example", "10.0.0.1", "127.0.0.1.evil.example", "localhost.evil.example"]) {
        assert.match(at(`${scheme.slice(0, -1)}://${host}/${SECRET}`), /unencrypted/, host);
      }
      assert.match(at(`ftp://alerts.example/${SECRET}`), /must begin with/);
      assert.equal(at(`${SECRET} no url`), "url is not a URL");
      assert.equal(at(""), "url is missing");
    }
    assert.equal(problem({ ...SMTP, smtpSecurity: "plain", smtpHost: "localhost" }), "accepted");
    assert.match(problem({ ...SMTP, smtpSecurity: "plain" }), /this machine only/);
  });

  it("wants a login in its fields, not in the URL", () => {
    assert.match(problem({ channel: "webhook" }, { url: `https://u:${SECRET}@x.example/` }), /bearer token/);
    assert.match(problem({ channel: "mqtt" }, { url: `mqtts://u:${SECRET}@x.example` }), /fields for user/);
    assert.match(problem({ channel: "webhook" }, { url: "https://x.example", token: `${SECRET}\r\nX: y` }), /token/);
  });

  it("takes mail addresses that break no header", () => {
    assert.equal(problem(SMTP), "accepted");
    assert.equal(problem({ ...SMTP, mailTo: "b@example.org, c@example.org;" }), "accepted");
    for (const address of ["", "x", "a@b\r\nBcc: c@d", '"x" <a@b>', "a b@c", "a@b, "]) {
      if (address !== "a@b, ") assert.match(problem({ ...SMTP, mailTo: address }), /mailTo/, address);
      if (address !== "a@b, ") assert.match(problem({ ...SMTP, mailFrom: address }), /mailFrom/, address);
    }
    assert.match(problem({ ...SMTP, mailTo: Array(21).fill("a@b").join() }), /mailTo/);
    assert.match(problem({ ...SMTP, smtpHost: "a b" }), /smtpHost/);
    assert.match(problem({ ...SMTP, smtpSecurity: "none" }), /smtpSecurity/);
  });

  it("knows the usual ports", () => {
    const portOf = (raw: Record<string, unknown>) => {
      const settings = readChannelSettings(raw, {}, "1.0");
      return "port" in settings ? settings.port : undefined;
    };
    assert.deepEqual([portOf(SMTP), portOf({ ...SMTP, smtpSecurity: "tls" })], [587, 465]);
    const syslog = { channel: "syslog", syslogHost: "::1" };
    const ports = ["", "tcp", "udp"].map((syslogTransport) => portOf({ ...syslog, syslogTransport }));
    assert.deepEqual(ports, [6514, 601, 514]);
  });

  it("refuses what no broker and no syslog receiver takes", () => {
    const url = "mqtts://x.example";
    assert.match(problem({ channel: "mqtt", mqttTopic: "a/#" }, { url }), /mqttTopic/);
    assert.match(problem({ channel: "mqtt", mqttVersion: "3" }, { url }), /mqttVersion/);
    assert.match(problem({ channel: "syslog" }), /syslogHost/);
    const syslog = { channel: "syslog", syslogHost: "x.example" };
    assert.match(problem({ ...syslog, syslogFacility: 24 }), /syslogFacility/);
    for (const id of ['a"@1', "a]@1", "a=b@1", "a b@1", "redoubt"]) {
      assert.match(problem({ ...syslog, syslogDataId: id }), /syslogDataId/, id);
    }
    assert.match(problem({ channel: "pigeon" }), /channel must be discord/);
    assert.match(problem({ channel: "__proto__" }), /channel must be/);
  });
});

describe("isLoopback", () => {
  it("goes by the text of the host", () => {
    for (const host of ["localhost", "LOCALHOST", "127.0.0.1", "127.255.0.9", "::1", "[::1]"])
      assert.ok(isLoopback(host));
    for (const host of ["127.0.0.1.nip.io", "128.0.0.1", "0.0.0.0", "::", "localhost.", "x"]) {
      assert.equal(isLoopback(host), false, host);
    }
  });
});
