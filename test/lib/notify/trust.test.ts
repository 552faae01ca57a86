// Certificates are checked with every channel, whatever the environment says; an own authority can be trusted.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createServer, type Server } from "node:tls";
import { findCommand, requireOnMachine } from "../../setup.js";
import { findMosquitto, startMosquitto, type TestBroker, TYPESCRIPT_EXEC_ARGV } from "../../support/brokers.js";
import { type Certificates, makeCertificates } from "../../support/certificates.js";
import { answerWith, HttpServer } from "./http-server.js";
import { LOGIN, MailServer } from "./mail-server.js";
import { temporaryFolder, until } from "./support.js";
import { parseSyslog, splitFrames } from "./syslog-parser.js";

async function run(script: string, input: string, env: Record<string, string>, cwd?: string): Promise<string> {
  const child = spawn(process.execPath, [...TYPESCRIPT_EXEC_ARGV, script], {
    env: { ...process.env, ...env },
    ...(cwd ? { cwd } : {}),
    stdio: ["pipe", "pipe", "pipe"],
  });
  let said = "";
  let complained = "";
  child.stdout.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    complained += chunk.toString();
  });
  child.stdin.end(input);
  const [code] = await once(child, "close");
  assert.equal(code, 0, complained);
  return said;
}

describe("trust in servers", () => {
  const folder = temporaryFolder();
  const host = "localhost";
  let certificates: Certificates;
  let web: HttpServer;
  let mail: MailServer;
  let mailTls: MailServer;
  let broker: TestBroker;
  let syslog: Server;
  let received = Buffer.alloc(0);
  let channels: { raw: Record<string, unknown>; credentials: Record<string, string> }[];

  before(async function () {
    requireOnMachine(this, findCommand("openssl") !== undefined, "openssl (apt-get install openssl)");
    requireOnMachine(this, findMosquitto() !== undefined, "Mosquitto (apt-get install mosquitto)");
    certificates = makeCertificates(folder, "test");
    const tls = { cert: readFileSync(certificates.certificate), key: readFileSync(certificates.key) };
    web = await HttpServer.start(answerWith(204), tls);
    mail = await MailServer.start({ ...tls, authOptional: false });
    mailTls = await MailServer.start({ ...tls, secure: true });
    broker = await startMosquitto({ login: { username: LOGIN.user, password: LOGIN.password }, tls: certificates });
    syslog = createServer(tls, (socket) => {
      socket.on("data", (chunk: Buffer) => {
        received = Buffer.concat([received, chunk]);
      });
      socket.on("error", () => {});
    }).listen(0, "127.0.0.1");
    syslog.on("tlsClientError", () => {});
    await once(syslog, "listening");
    const smtp = { channel: "smtp", smtpHost: host, mailFrom: "a@example.org", mailTo: "b@example.org" };
    const port = new URL(web.origin).port;
    const syslogPort = String((syslog.address() as AddressInfo).port);
    channels = [
      { raw: { channel: "discord" }, credentials: { url: `https://${host}:${port}/api/webhooks/1/t` } },
      { raw: { channel: "webhook" }, credentials: { url: `https://127.0.0.1:${port}/` } },
      { raw: { ...smtp, smtpPort: String(mail.port), smtpSecurity: "starttls" }, credentials: LOGIN },
      { raw: { ...smtp, smtpPort: String(mailTls.port), smtpSecurity: "tls" }, credentials: {} },
      { raw: { channel: "mqtt" }, credentials: { url: `mqtts://${host}:${broker.port}`, ...LOGIN } },
      { raw: { channel: "syslog", syslogHost: host, syslogPort }, credentials: {} },
    ];
  });

  after(async () => {
    await web?.stop();
    await mail?.stop();
    await mailTls?.stop();
    await broker?.stop();
    syslog?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const outcomes = async (env: Record<string, string>): Promise<string[]> =>
    JSON.parse(await run(join(__dirname, "send-each.ts"), JSON.stringify(channels), env));

  it("is refused to an authority that nobody named, even where the environment switches checks off", async () => {
    const messages = await outcomes({ NODE_TLS_REJECT_UNAUTHORIZED: "0" });
    assert.equal(messages.length, channels.length);
    for (const message of messages)
      assert.match(message, /^the certificate of \S+ is not trusted \((SELF_SIGNED|UNABLE_TO_VERIFY)/);
    assert.deepEqual([web.received.length, mail.mails.length, mailTls.mails.length, received.length], [0, 0, 0, 0]);
  });

  it("is given to an authority of your own by NODE_EXTRA_CA_CERTS", async () => {
    assert.deepEqual(
      await outcomes({ NODE_EXTRA_CA_CERTS: certificates.authority }),
      channels.map(() => "delivered"),
    );
    assert.equal(web.received.length, 2);
    assert.deepEqual([mail.mails[0]?.secure, mail.mails[0]?.user], [true, LOGIN.user]);
    assert.equal(mailTls.mails[0]?.secure, true);
    // The child waits no longer than seconds for the receiver, which is this process.
    await until(() => received.length > 0);
    const [frame] = splitFrames(received);
    assert.match(parseSyslog(frame as Buffer).text, /^flood from pump-1/);
  });
});

describe("e-mail without nodemailer", () => {
  it("says what to install", async () => {
    // A copy of the sources in a folder from which no nodemailer is found.
    const folder = temporaryFolder();
    const root = join(__dirname, "..", "..", "..");
    for (const name of ["lib/notify", "lib/common"]) cpSync(join(root, name), join(folder, name), { recursive: true });
    for (const name of ["package.json", "tsconfig.json"]) cpSync(join(root, name), join(folder, name));
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(join(root, "node_modules", "mqtt"), join(folder, "node_modules", "mqtt"));
    const script = join(folder, "prepare.ts");
    writeFileSync(
      script,
      `import { openChannel } from "./lib/notify/open-channel.js";
       import { readChannelSettings } from "./lib/notify/read-channel.js";
       const raw = { channel: "smtp", smtpHost: "mail.example", mailFrom: "a@b.example", mailTo: "a@b.example" };
       openChannel(readChannelSettings(raw, {}, "1.0")).prepare?.().then(
         () => console.log("ready"), (error) => console.log(error.name + ": " + error.message));`,
    );
    const said = await run(script, "", {}, folder);
    assert.match(said, /^DeliveryFailure: .*npm install nodemailer.*restart\n$/);
    rmSync(folder, { recursive: true, force: true });
  });
});
