import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

export interface Mail {
  from: string;
  to: string[];
  /** Headers and body as they came. */
  raw: string;
  secure: boolean;
  user: string | undefined;
}

export const LOGIN = { user: "redoubt", password: "p@ss wörd" };

/** A real SMTP server on loopback. */
export class MailServer {
  private constructor(
    private readonly server: SMTPServer,
    readonly port: number,
    readonly mails: readonly Mail[],
  ) {}

  static async start(options: SMTPServerOptions = {}): Promise<MailServer> {
    const mails: Mail[] = [];
    const server = new SMTPServer({
      authOptional: true,
      logger: false,
      onAuth: ({ username, password }, _session, callback) => {
        if (username === LOGIN.user && password === LOGIN.password) callback(null, { user: username });
        else callback(new Error(`wrong password ${password}`));
      },
      onData: (stream, session, callback) => {
        const chunks: Buffer[] = [];
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.on("end", () => {
          mails.push({
            from: session.envelope.mailFrom ? session.envelope.mailFrom.address : "",
            to: session.envelope.rcptTo.map(({ address }) => address),
            raw: Buffer.concat(chunks).toString("utf8"),
            secure: session.secure,
            user: session.user as string | undefined,
          });
          callback();
        });
      },
      ...options,
    });
    // A client that does not trust the certificate breaks the handshake off.
    server.on("error", () => {});
    server.listen(0, "127.0.0.1");
    await once(server.server, "listening");
    return new MailServer(server, (server.server.address() as AddressInfo).port, mails);
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.server.close(resolve));
  }
}
