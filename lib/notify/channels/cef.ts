import type { Severity } from "../../common/security.js";
import type { Alert } from "../alert.js";
import { cut } from "../plain-text.js";

/** CEF's scale: 0-3 low, 4-6 medium, 7-8 high, 9-10 very high. */
const SEVERITY: Record<Severity, number> = { info: 3, warning: 6, critical: 9 };
const MESSAGE_LIMIT = 1023;
const NAME_LIMIT = 512;

/** A header field: backslash and pipe are escaped, lines are joined. */
export function cefHeader(text: string): string {
  return text.replace(/[\\|]/g, "\\$&").replace(/[\r\n]+/g, " ");
}

/** An extension value: backslash and equals sign are escaped, line feeds written as `\n`. */
export function cefValue(text: string): string {
  return text.replace(/[\\=]/g, "\\$&").replace(/\r\n?|\n/g, "\\n");
}

/** An alert in ArcSight's Common Event Format, version 0 ("ArcSight Common Event Format", revision 25). */
export function cefMessage(alert: Alert, version: string): string {
  const header = ["CEF:0", "Redoubt", "node-red", version, alert.type, cut(alert.title, NAME_LIMIT)].map(cefHeader);
  const extension: [string, string][] = [
    ["rt", String(alert.at)],
    ["externalId", alert.id],
    ["cat", alert.type],
    ["cnt", String(alert.count)],
    ["cs1Label", "source"],
    ["cs1", alert.source],
    ["cs2Label", "authenticated"],
    ["cs2", String(alert.authenticated)],
    ...(alert.topic === null
      ? []
      : ([
          ["cs3Label", "topic"],
          ["cs3", alert.topic],
        ] as [string, string][])),
    ...(alert.text === "" ? [] : ([["msg", cut(alert.text, MESSAGE_LIMIT)]] as [string, string][])),
  ];
  const fields = extension.map(([key, value]) => `${key}=${cefValue(value)}`).join(" ");
  return `${header.join("|")}|${SEVERITY[alert.severity]}|${fields}`;
}
