import { isJsonObject } from "../common/json.js";
import type { Severity } from "../common/security.js";
import { type Alert, isAlert, isAtLeast, isSeverity, newAlertId, sourceKey } from "./alert.js";
import { manyLines, oneLine } from "./plain-text.js";

const MAX_SOURCES = 1000;
const MAX_TYPES = 32;
const NAMED_SOURCES = 10;
const OTHER = "other";
const VERSION = 1;

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** Alerts that were held back, as counts of bounded size; becomes one alert in the end. */
export class Digest {
  private total = 0;
  private severity: Severity = "info";
  private firstAt = 0;
  private lastAt = 0;
  /** Source keys, the first thousand. */
  private readonly sources = new Set<string>();
  private hasMoreSources = false;
  private readonly types = new Map<string, number>();
  /** The alert itself while it is the only one. */
  private only: Alert | undefined;

  get count(): number {
    return this.total;
  }

  get highest(): Severity {
    return this.severity;
  }

  add(alert: Alert): void {
    this.only = this.total === 0 && alert.count === 1 ? alert : undefined;
    if (this.total === 0) {
      this.severity = alert.severity;
      this.firstAt = alert.at;
      this.lastAt = alert.at;
    }
    this.total += alert.count;
    if (isAtLeast(alert.severity, this.severity)) this.severity = alert.severity;
    this.firstAt = Math.min(this.firstAt, alert.at);
    this.lastAt = Math.max(this.lastAt, alert.at);
    const key = sourceKey(alert);
    if (this.sources.size < MAX_SOURCES) this.sources.add(key);
    else if (!this.sources.has(key)) this.hasMoreSources = true;
    const type = this.types.has(alert.type) || this.types.size < MAX_TYPES ? alert.type : OTHER;
    this.types.set(type, (this.types.get(type) ?? 0) + alert.count);
  }

  clear(): void {
    this.total = 0;
    this.sources.clear();
    this.hasMoreSources = false;
    this.types.clear();
    this.only = undefined;
  }

  copy(): Digest {
    const copy = new Digest();
    copy.restore(this.toJSON());
    return copy;
  }

  /** The alert that stands for all of them; the alert itself where it is the only one. */
  toAlert(): Alert {
    if (this.only) return this.only;
    const more = this.hasMoreSources ? "more than " : "";
    const byType = [...this.types].sort((a, b) => b[1] - a[1]).map(([type, count]) => `${type} ${count}`);
    const named = [...this.sources]
      .slice(0, NAMED_SOURCES)
      .map((key) => (key.startsWith("+") ? key.slice(1) : `${key.slice(1)} (unproved)`));
    const unnamed = this.sources.size - named.length;
    const rest = unnamed > 0 ? ` and ${more}${unnamed} more` : "";
    return {
      id: newAlertId(),
      at: this.lastAt,
      title: oneLine(`${plural(this.total, "more alert")} from ${more}${plural(this.sources.size, "source")}`, 200),
      text: manyLines(
        [
          `Held back by the rate limit or the quiet hours, from ${new Date(this.firstAt).toISOString()} to ${new Date(this.lastAt).toISOString()}.`,
          `By type: ${byType.join(", ")}`,
          `Sources: ${named.join(", ")}${rest}`,
        ].join("\n"),
        4000,
      ),
      severity: this.severity,
      source: "redoubt",
      authenticated: true,
      type: "digest",
      topic: null,
      count: this.total,
    };
  }

  toJSON(): object {
    return {
      version: VERSION,
      total: this.total,
      severity: this.severity,
      firstAt: this.firstAt,
      lastAt: this.lastAt,
      sources: [...this.sources],
      hasMoreSources: this.hasMoreSources,
      types: [...this.types],
      ...(this.only ? { only: this.only } : {}),
    };
  }

  /**
   * Takes over what {@link toJSON} gave.
   *
   * @throws {Error} for anything else.
   */
  restore(state: unknown): void {
    if (!isJsonObject(state) || state.version !== VERSION) throw new Error(`version ${VERSION} expected`);
    const { total, severity, firstAt, lastAt, sources, types, only } = state;
    const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
    const isTime = (value: unknown): value is number => isCount(value) && value <= 8.64e15;
    if (!isCount(total) || !isSeverity(severity) || !isTime(firstAt) || !isTime(lastAt)) {
      throw new Error("a count, a severity or a time is wrong");
    }
    const isName = (value: unknown): value is string => typeof value === "string" && value.length <= 65;
    if (!Array.isArray(sources) || sources.length > MAX_SOURCES || !sources.every(isName)) {
      throw new Error("the sources are wrong");
    }
    const isPair = (value: unknown): value is [string, number] =>
      Array.isArray(value) && isName(value[0]) && isCount(value[1]);
    if (!Array.isArray(types) || types.length > MAX_TYPES + 1 || !types.every(isPair)) {
      throw new Error("the types are wrong");
    }
    this.clear();
    this.total = total;
    this.severity = severity;
    this.firstAt = firstAt;
    this.lastAt = lastAt;
    for (const key of sources) this.sources.add(key);
    this.hasMoreSources = state.hasMoreSources === true;
    for (const [type, count] of types) this.types.set(type, count);
    if (isAlert(only) && total === 1) this.only = only;
  }
}
