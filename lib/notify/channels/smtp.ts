import type { Alert } from "../alert.js";
import { type Channel, connectionFailure, DeliveryFailure } from "../channel.js";
import { oneLine } from "../plain-text.js";

export interface SmtpSettings {
  channel: "smtp";
  host: string;
  port: number;
  /** `tls` from the first byte, `starttls` required, or `plain`, to this machine only. */
  security: "tls" | "starttls" | "plain";
  login?: { user: string; password: string };
  from: string;
  to: string[];
}

/** Longest silence of the server; shorter than an attempt may take. */
const SILENCE_MS = 10_000;
const SUBJECT = 150;
const MISSING = new Set(["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"]);

/** What of nodemailer is used; versions differ in the rest. */
interface Transport {
  sendMail(message: object): Promise<{ rejected?: unknown[] }>;
}

async function createTransport(options: object): Promise<Transport> {
  try {
    const nodemailer = await import("nodemailer");
    return nodemailer.createTransport(options) as Transport;
  } catch (error) {
    if (!MISSING.has((error as { code?: string }).code ?? "")) throw error;
    throw new DeliveryFailure(
      "e-mail needs a package that is not installed: run `npm install nodemailer` in Node-RED's user folder and restart",
    );
  }
}

function smtpFailure(error: unknown, host: string): DeliveryFailure {
  const { code, originalCode, responseCode } = error as { code?: string; originalCode?: string; responseCode?: number };
  if (code === "EAUTH") return new DeliveryFailure(`${host} refuses the login`, { permanent: true });
  // Since version 10 nodemailer keeps what the system said beside its own code.
  if (originalCode !== undefined) return connectionFailure({ code: originalCode }, host);
  if (code === "ETLS" && responseCode === undefined) {
    return new DeliveryFailure(`${host} offers no trusted TLS; see the encryption setting and NODE_EXTRA_CA_CERTS`);
  }
  if (typeof responseCode !== "number") return connectionFailure(error, host);
  const explained = code === "EENVELOPE" ? " (sender or recipients)" : "";
  return new DeliveryFailure(`${host} answered ${responseCode}${explained}`, { permanent: responseCode >= 500 });
}

/** Subject and body of an alert's e-mail. */
export function mailText(alert: Alert): { subject: string; text: string } {
  const claimed = alert.authenticated ? "" : " (unproved)";
  const facts = [
    `Severity: ${alert.severity}`,
    `Type: ${alert.type}`,
    `Source: ${alert.source}${claimed}`,
    ...(alert.topic === null ? [] : [`Topic: ${alert.topic}`]),
    `Time: ${new Date(alert.at).toISOString()}`,
    ...(alert.count > 1 ? [`Alerts: ${alert.count}`] : []),
    `Alert id: ${alert.id}`,
  ];
  return {
    subject: oneLine(`[${alert.severity}] ${alert.title}`, SUBJECT),
    text: [alert.title, alert.text, facts.join("\n")].filter((part) => part !== "").join("\n\n"),
  };
}

/** Sends e-mail by nodemailer, an optional peer. Delivered is what the mail server has accepted for delivery. */
export class SmtpChannel implements Channel {
  readonly name = "smtp";
  readonly host: string;
  private transport: Promise<Transport> | undefined;

  constructor(private readonly settings: SmtpSettings) {
    this.host = settings.host;
  }

  async prepare(): Promise<void> {
    await this.open();
  }

  async send(alert: Alert, signal: AbortSignal): Promise<string | undefined> {
    const { from, to } = this.settings;
    try {
      const transport = await this.open();
      const { rejected = [] } = await transport.sendMail({
        from: { name: "Redoubt", address: from },
        to: to.map((address) => ({ name: "", address })),
        // The same for each attempt: a mail program that sees both shows one.
        messageId: `<${alert.id}.${alert.at}@redoubt.invalid>`,
        headers: { "X-Redoubt-Alert": alert.id, "Auto-Submitted": "auto-generated" },
        ...mailText(alert),
        signal,
      });
      if (rejected.length === 0) return undefined;
      return `${this.host} refused ${rejected.length} of ${to.length} recipients`;
    } catch (error) {
      if (error instanceof DeliveryFailure) throw error;
      throw smtpFailure(error, this.host);
    }
  }

  async close(): Promise<void> {}

  private open(): Promise<Transport> {
    const { host, port, security, login } = this.settings;
    this.transport ??= createTransport({
      host,
      port,
      secure: security === "tls",
      requireTLS: security === "starttls",
      ignoreTLS: security === "plain",
      ...(login ? { auth: { user: login.user, pass: login.password } } : {}),
      tls: { rejectUnauthorized: true, minVersion: "TLSv1.2" },
      connectionTimeout: SILENCE_MS,
      greetingTimeout: SILENCE_MS,
      socketTimeout: SILENCE_MS,
      // Text is all that is sent: nothing in it may make the library read a file or fetch a URL.
      disableFileAccess: true,
      disableUrlAccess: true,
    }).catch((error: unknown) => {
      // It may be installed by the next attempt.
      this.transport = undefined;
      throw error;
    });
    return this.transport;
  }
}
