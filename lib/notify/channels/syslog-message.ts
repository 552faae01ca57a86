import type { Severity } from "../../common/security.js";
import type { Alert } from "../alert.js";
import { cutBytes } from "../plain-text.js";
import { cefMessage } from "./cef.js";

export interface SyslogFormat {
  /** 0..23, e.g. 10 for security. */
  facility: number;
  /** `text`: structured data and readable text; `cef`: a CEF event as the message. */
  body: "text" | "cef";
  /** SD-ID of the structured data, `name@enterprise number`. */
  structuredDataId: string;
  /** Name of this machine. */
  hostname: string;
  processId: number;
  /** Of this software, for CEF. */
  version: string;
}

/** RFC 5424, 6.2.1. */
const SEVERITY: Record<Severity, number> = { info: 6, warning: 4, critical: 2 };
const BYTE_ORDER_MARK = "\ufeff";

/** A header field: printable ASCII without blanks, `-` where nothing is left. */
function field(text: string, limit: number): string {
  return text.replace(/[^!-~]/g, "_").slice(0, limit) || "-";
}

/** RFC 5424, 6.3.3: quote, backslash and closing bracket are escaped. */
export function parameterValue(text: string): string {
  return text.replace(/["\\\]]/g, "\\$&");
}

function isAscii(text: string): boolean {
  return /^[ -~]*$/.test(text);
}

/**
 * One syslog message after RFC 5424, section 6.
 *
 * @param maxBytes largest message; the text at its end is cut.
 */
export function syslogMessage(alert: Alert, format: SyslogFormat, maxBytes: number): Buffer {
  const priority = format.facility * 8 + SEVERITY[alert.severity];
  const header = [
    `<${priority}>1`,
    new Date(alert.at).toISOString(),
    field(format.hostname, 255),
    "redoubt",
    field(String(format.processId), 128),
    field(alert.type, 32),
  ].join(" ");
  if (format.body === "cef") {
    // A mark before it would hide "CEF:" from its readers, and RFC 5424 allows a message of any octets.
    const message = cutBytes(`${header} - ${cefMessage(alert, format.version)}`, maxBytes);
    // Half an escape would take the meaning of whatever a receiver puts behind it.
    return Buffer.from(message.replace(/(?<!\\)((?:\\\\)*)\\$/, "$1"));
  }
  const parameters: [string, string][] = [
    ["id", alert.id],
    ["severity", alert.severity],
    ["type", alert.type],
    ["source", alert.source],
    ["authenticated", String(alert.authenticated)],
    ["count", String(alert.count)],
    ...(alert.topic === null ? [] : ([["topic", alert.topic]] as [string, string][])),
  ];
  const data = parameters.map(([name, value]) => `${name}="${parameterValue(value)}"`).join(" ");
  const text = [alert.title, alert.text.replaceAll("\n", "; ")].filter((part) => part !== "").join(": ");
  const mark = isAscii(text) ? "" : BYTE_ORDER_MARK;
  return Buffer.from(cutBytes(`${header} [${format.structuredDataId} ${data}] ${mark}${text}`, maxBytes));
}
