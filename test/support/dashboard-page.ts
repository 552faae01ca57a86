// What a person, or a socket, sees of a dashboard page.
import assert from "node:assert/strict";
import type { Page } from "playwright-core";

/** The text of an element as it is read, with the blanks that the layout makes. */
export async function readText(page: Page, selector: string): Promise<string> {
  return (await page.locator(selector).first().innerText()).replace(/\s+/g, " ").trim();
}

/**
 * Opens another page of a dashboard that is open by its menu, as people do: a page that is loaded anew costs the processor
 * half a second more, and its widgets load their state in both ways.
 */
export async function goTo(page: Page, name: string): Promise<void> {
  // The menu slides in over the page; its entries are there before.
  await page.locator(`.v-navigation-drawer a[href$="/ui/${name}"]`).dispatchEvent("click");
  await page.waitForURL(`**/ui/${name}`);
}

const PATIENCE_MS = 60_000;

/**
 * Waits until what is read satisfies a condition; the error says what it was instead. What one message to the flow
 * changes in several widgets the dashboard shows in one after the other.
 */
export async function untilRead<T>(
  page: Page,
  read: () => Promise<T>,
  isSo: (value: T) => boolean,
  timeoutMs = PATIENCE_MS,
): Promise<T> {
  for (const deadline = performance.now() + timeoutMs; ; await page.waitForTimeout(100)) {
    const value = await read();
    if (isSo(value)) return value;
    if (performance.now() > deadline) throw new Error(`it never came so far, but is ${JSON.stringify(value)}`);
  }
}

/** Waits until an element's text matches; the error says what it was instead. */
export async function untilText(
  page: Page,
  selector: string,
  pattern: RegExp,
  timeoutMs = PATIENCE_MS,
): Promise<string> {
  const read = () => readText(page, selector).catch(() => "");
  try {
    return await untilRead(page, read, (text) => pattern.test(text), timeoutMs);
  } catch (error) {
    throw new Error(`${selector} never read ${pattern}: ${(error as Error).message}`);
  }
}

/** Waits until an attribute of an element matches. */
export async function untilAttribute(page: Page, selector: string, name: string, pattern: RegExp): Promise<string> {
  const read = () =>
    page
      .locator(selector)
      .first()
      .getAttribute(name)
      .then((text) => text ?? "");
  return untilRead(page, read, (text) => pattern.test(text));
}

/** Waits until the gateway behind a dashboard hears its devices: what is sent before, nobody keeps for it. */
export async function untilReady(origin: string): Promise<void> {
  while (!(await fetch(`${origin}/readyz`)).ok) await new Promise((resolve) => setTimeout(resolve, 100));
}

/**
 * Waits until the Node-RED behind a dashboard has answered, and so has taken what came before: where it stands still for
 * seconds, what is sent meanwhile would reach it at once.
 */
export async function untilTaken(origin: string): Promise<void> {
  await (await fetch(`${origin}/healthz`)).text();
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

const PHONE = { width: 360, height: 740 };

/**
 * Opens a page of the dashboard on a telephone, in light and then in dark.
 *
 * @param page of the same browser context: what it has cached costs a second of the processor less than half as much.
 * @param ready waits for what must be there, and opens what is folded up.
 * @throws {AssertionError} where the page, or something inside an element of that class, is wider than the screen.
 */
export async function fitsTelephone(
  page: Page,
  url: string,
  within: string,
  ready: (phone: Page) => Promise<void>,
): Promise<void> {
  const phone = await page.context().newPage();
  await phone.setViewportSize(PHONE);
  await phone.goto(url);
  await ready(phone);
  for (const colorScheme of ["light", "dark"] as const) {
    // The colours are the style sheet's affair: it follows without the page being loaded anew.
    await phone.emulateMedia({ colorScheme });
    const isDark = await phone.evaluate(() => matchMedia("(prefers-color-scheme: dark)").matches);
    assert.equal(isDark, colorScheme === "dark");
    const widest = await phone.evaluate(() =>
      Math.max(document.documentElement.scrollWidth, document.body.scrollWidth),
    );
    assert.ok(widest <= PHONE.width, `${url} is ${widest} wide, ${colorScheme}`);
    const beyond = await phone.evaluate(
      ([within, width]) =>
        [...document.querySelectorAll(`${within} *`)].filter((e) => e.getBoundingClientRect().right > width + 1).length,
      [within, PHONE.width] as const,
    );
    assert.equal(beyond, 0, `${url}: nothing is cut off, ${colorScheme}`);
  }
  await phone.close();
}
