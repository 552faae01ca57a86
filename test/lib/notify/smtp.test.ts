import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { DeliveryFailure } from "../../../lib/notify/channel.js";
import { mailText } from "../../../lib/notify/channels/smtp.js";
import { openChannel } from "../../../lib/notify/open-channel.js";
import { readChannelSettings } from "../../../lib/notify/read-channel.js";
import { freePort } from "../../support/free-port.js";
import { readMail } from "./mail-parser.js";
import { LOGIN, MailServer } from "./mail-server.js";
import { alertOf, HOSTILE_NAME } from "./support.js";

const PLAIN = { hideSTARTTLS: true, allowInsecureAuth: true };

function open(port: number, changes: Record<string, string> = {}, credentials: Record<string, string> = {}) {
  const raw = {
    channel: "smtp",
    smtpHost: "127.0.0.1",
    smtpPort: String(port),
    smtpSecurity: "plain",
    mailFrom: "redoubt@example.org",
    mailTo: "one@example.org, two@example.org",
    ...changes,
  };
  return openChannel(readChannelSettings(raw, credentials, "1.0"));
}

const signal = () => AbortSignal.timeout(60_000);

describe("e-mail", () => {
  let server: MailServer | undefined;

  afterEach(async () => {
    await server?.stop();
    server = undefined;
  });

  async function failureOf(channel: ReturnType<typeof open>, given = signal()): Promise<DeliveryFailure> {
    try {
      await channel.send(alertOf(), given);
    } catch (error) {
      assert.equal((error as Error).name, "DeliveryFailure");
      assert.ok(!(error as Error).message.includes(LOGIN.password), "no error tells a password");
      return error as DeliveryFailure;
    }
    throw new Error("it was delivered");
  }

  it("is sent to a server on this machine, with a login", async () => {
    server = await MailServer.start({ ...PLAIN, authOptional: false });
    const alert = alertOf({ title: "Überlauf in Becken 2" });
    const channel = open(server.port, {}, LOGIN);
    await channel.prepare?.();
    assert.equal(await channel.send(alert, signal()), undefined);
    const [mail] = server.mails;
    assert.ok(mail);
    assert.deepEqual(
      [mail.from, mail.to, mail.user],
      ["redoubt@example.org", ["one@example.org", "two@example.org"], LOGIN.user],
    );
    const { headers, body } = readMail(mail.raw);
    assert.equal(headers.get("subject"), "[warning] Überlauf in Becken 2");
    assert.equal(headers.get("message-id"), `<${alert.id}.${alert.at}@redoubt.invalid>`);
    assert.equal(headers.get("auto-submitted"), "auto-generated");
    assert.match(body, /142 messages\/s/);
  });

  it("gets no header from a hostile name, and shows it as it is", async () => {
    server = await MailServer.start(PLAIN);
    const hostile = `${HOSTILE_NAME}\r\n\r\n<script>\r\n.\r\nMAIL FROM:<evil@example.org>`;
    const alert = alertOf({ title: hostile, text: hostile, source: hostile, type: hostile, topic: hostile });
    await open(server.port).send(alert, signal());
    assert.equal(server.mails.length, 1);
    const [mail] = server.mails;
    const { headers } = readMail(mail?.raw ?? "");
    assert.deepEqual([...headers.keys()].sort(), [
      "auto-submitted",
      "content-transfer-encoding",
      "content-type",
      "date",
      "from",
      "message-id",
      "mime-version",
      "subject",
      "to",
      "x-redoubt-alert",
    ]);
    assert.match(headers.get("content-type") ?? "", /^text\/plain/);
    assert.deepEqual(mail?.to, ["one@example.org", "two@example.org"]);
  });

  it("tells a wrong login, a full mailbox and a recipient that is refused apart", async () => {
    server = await MailServer.start({
      ...PLAIN,
      onRcptTo: ({ address }, _session, callback) => {
        if (address.startsWith("busy")) callback(Object.assign(new Error("mailbox full"), { responseCode: 452 }));
        else if (address.startsWith("gone")) callback(Object.assign(new Error("no such user"), { responseCode: 550 }));
        else callback();
      },
    });
    const { port } = server;
    const wrong = await failureOf(open(port, {}, { user: LOGIN.user, password: "wrong" }));
    assert.deepEqual([wrong.message, wrong.permanent], ["127.0.0.1 refuses the login", true]);
    const busy = await failureOf(open(port, { mailTo: "busy@example.org" }));
    assert.deepEqual([busy.message, busy.permanent], ["127.0.0.1 answered 452 (sender or recipients)", false]);
    const gone = await failureOf(open(port, { mailTo: "gone@example.org" }));
    assert.deepEqual([gone.message, gone.permanent], ["127.0.0.1 answered 550 (sender or recipients)", true]);
    const remark = await open(port, { mailTo: "gone@example.org, one@example.org" }).send(alertOf(), signal());
    assert.equal(remark, "127.0.0.1 refused 1 of 2 recipients");
    assert.deepEqual(server.mails.at(-1)?.to, ["one@example.org"]);
  });

  it("never goes unencrypted where TLS is required", async () => {
    server = await MailServer.start({ ...PLAIN });
    const { port } = server;
    for (const smtpSecurity of ["starttls", "tls"]) {
      const { permanent } = await failureOf(open(port, { smtpSecurity }, LOGIN));
      assert.equal(permanent, false);
    }
    assert.equal(server.mails.length, 0);
  });

  it("fails where nobody listens, and gives up on a server that says nothing", async () => {
    const refused = await failureOf(open(await freePort()));
    assert.deepEqual([refused.message, refused.permanent], ["cannot deliver to 127.0.0.1: ECONNREFUSED", false]);
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket)).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const channel = open((silent.address() as AddressInfo).port);
    const failure = await failureOf(channel, AbortSignal.timeout(200));
    assert.match(failure.message, /did not answer in time/);
    for (const socket of sockets) socket.destroy();
    silent.close();
    await once(silent, "close");
  });

  it("says in its text what is proved and what is not", () => {
    const { subject, text } = mailText(alertOf({ authenticated: false, count: 240, severity: "critical" }));
    assert.equal(subject, "[critical] flood from pump-1");
    assert.match(text, /Source: pump-1 \(unproved\)\n/);
    assert.match(text, /Alerts: 240\n/);
  });
});
