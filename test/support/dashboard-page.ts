// What a person, or a socket, sees of a dashboard page.
import type { Page } from "playwright-core";

/** The text of an element as it is read, with the blanks that the layout makes. */
export async function readText(page: Page, selector: string): Promise<string> {
  return (await page.locator(selector).first().innerText()).replace(/\s+/g, " ").trim();
}

/** Waits until an element's text satisfies a condition; the error says what it was instead. */
export async function untilText(page: Page, selector: string, pattern: RegExp, timeoutMs = 30_000): Promise<string> {
  const deadline = Date.now() + timeoutMs;
  let text = "";
  while (Date.now() < deadline) {
    text = await readText(page, selector).catch(() => "");
    if (pattern.test(text)) return text;
    await page.waitForTimeout(100);
  }
  throw new Error(`${selector} never read ${pattern}, but "${text}"`);
}

/** Counts the messages that the dashboard sends to each widget of a page from now on. */
export function countUpdates(page: Page): { perWidget: ReadonlyMap<string, number>; stop: () => void } {
  const perWidget = new Map<string, number>();
  let isCounting = true;
  const count = (text: string) => {
    if (!isCounting) return;
    for (const [, widget] of text.matchAll(/\["msg-input:([\w-]+)"/g)) {
      if (widget !== undefined) perWidget.set(widget, (perWidget.get(widget) ?? 0) + 1);
    }
  };
  page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => count(String(payload))));
  page.on("response", (response) => {
    if (response.url().includes("/socket.io/")) response.text().then(count, () => undefined);
  });
  return {
    perWidget,
    stop: () => {
      isCounting = false;
    },
  };
}
