import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { launchChromium } from "../support/chromium.js";
import {
  countUpdates,
  fitsTelephone,
  goTo,
  readText,
  untilAttribute,
  untilTaken,
  untilText,
} from "../support/dashboard-page.js";
import { RunningCommand } from "../support/demo.js";
import { FleetPublisher } from "../support/fleet-publisher.js";

const READY = /^Broker/m;
const DEVICES = ["pump-1", "pump-2"];
const ORDINARY = { temperature: 22.4, humidity: 50 };
const MARKUP = '<img src=x onerror="window.hacked=1">';
const STRANGERS = [MARKUP, "__proto__", "constructor"];
/** What the test sends before it looks: 12 ordinary readings, 3 hot ones, a malformed one, one of each stranger. */
const SENT = { total: 19, normal: 12, anomalies: 7 };
const PAUSE_MS = 400;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("the pages Security and Devices", function () {
  this.timeout(400_000);
  // Each goes on where the one before ended.
  this.bail(true);
  const home = mkdtempSync(join(tmpdir(), "redoubt-security-"));
  const fleet = FleetPublisher.prepare(home, DEVICES);
  let running: RunningCommand | undefined;
  let browser: Browser | undefined;
  let page: Page;
  let sent = SENT.total;

  after(async () => {
    await fleet.close();
    await browser?.close();
    await running?.stop();
    running?.removeHome();
  });

  const origin = () => (running as RunningCommand).origin;
  const load = (name: string) => page.goto(`${origin()}/ui/${name}`);
  const port = () => (running as RunningCommand).mqttPort;
  const counted = (total: number) =>
    untilText(page, ".rdbt-sec-total", new RegExp(`^${total.toLocaleString("en")} messages$`));

  async function showsWhatWasSent(): Promise<void> {
    await counted(SENT.total);
    assert.equal(await readText(page, ".rdbt-sec-normal"), `${SENT.normal} normal`);
    assert.equal(await readText(page, ".rdbt-sec-anomalies"), `${SENT.anomalies} anomalies`);
    const percent = ((100 * SENT.anomalies) / SENT.total).toFixed(1);
    await untilText(page, "#nrdb-ui-widget-rdbt-sec-gauge", new RegExp(percent.replace(".", "\\.")));
    const pie = await page.locator(".rdbt-sec-pie svg").getAttribute("aria-label");
    assert.match(pie ?? "", new RegExp(`${percent} % anomalies$`));
    const trend = /^Anomalies per minute\. 7 anomalies in the last hour/;
    await untilAttribute(page, ".rdbt-sec-trend [role=img]", "aria-label", trend);
    for (const type of [/high temperature 3/, /unknown device 3/, /(malformed message|spoofed identity) 1/]) {
      await untilText(page, ".rdbt-sec-types", type);
    }
  }

  it("say what to do as long as nothing has been received", async function () {
    browser = await launchChromium(this);
    running = await RunningCommand.start("start", { home, env: { REDOUBT_DASHBOARD_LOGIN: "open" } });
    await running.untilPrinted(READY);
    page = await (await browser.newContext()).newPage();
    await load("security");
    await untilText(page, ".rdbt-sec-messages", /No message yet: connect a device .* or run redoubt simulate attack/);
    await untilText(page, ".rdbt-sec-alerts", /^No alert yet/);
    await untilText(page, ".rdbt-sec-threats", /^No anomaly yet/);
    await untilText(page, ".rdbt-sec-system", /Broker connected.*Last message none yet/);
    await goTo(page, "devices");
    await untilText(page, ".rdbt-sec-devices", /^No device yet/);
  });

  it("show what was sent: counters, gauge, status, trend, types", async () => {
    for (let i = 0; i < SENT.normal / DEVICES.length; i++) {
      for (const id of DEVICES) await fleet.reading(port(), id, ORDINARY);
      await untilTaken(origin());
      await pause(PAUSE_MS);
    }
    for (let i = 0; i < 3; i++) {
      await fleet.reading(port(), "pump-2", { temperature: 96.4, humidity: 50 });
      await untilTaken(origin());
      await pause(PAUSE_MS);
    }
    await fleet.stranger(port(), "iot/devices/pump-1/data", "{ this is not JSON");
    for (const name of STRANGERS) {
      await fleet.stranger(port(), `iot/${name}`, `{"client_id": ${JSON.stringify(name)}, "temp": 22, "humidity": 50}`);
      await pause(PAUSE_MS);
    }
    await goTo(page, "security");
    await showsWhatWasSent();
  });

  it("show alerts with reasons and a ranking, and who was not authenticated", async () => {
    const hot = page.locator(".rdbt-sec-alerts .rdbt-sec-cards > li", { hasText: "High temperature" });
    await hot.getByText(/, 3 messages$/).waitFor();
    assert.match(await hot.innerText(), /pump-2/);
    assert.match(await hot.innerText(), /temperature 96\.4 °C: above the limit of 90 °C/);
    assert.doesNotMatch(await hot.innerText(), /not authenticated/);
    const strange = page.locator(".rdbt-sec-alerts .rdbt-sec-cards > li", { hasText: "Unknown device" });
    await strange.nth(2).waitFor();
    assert.equal(await strange.count(), 3);
    for (const text of await strange.allInnerTexts()) assert.match(text, /not authenticated/);
    await untilText(page, ".rdbt-sec-threats li", /^pump-2 3 last: high temperature/);
  });

  it("show a device's name as text, whatever it is", async () => {
    const alerts = await readText(page, ".rdbt-sec-alerts");
    for (const name of STRANGERS) assert.ok(alerts.includes(name), `${name} is shown as it is`);
    await goTo(page, "devices");
    await untilText(page, ".rdbt-sec-devices", /pump-1/);
    const devices = await readText(page, ".rdbt-sec-devices");
    for (const name of STRANGERS) assert.ok(devices.includes(name), `${name} is shown as it is`);
    await page.locator(".rdbt-sec-link", { hasText: MARKUP }).click();
    await untilText(page, ".rdbt-sec-name", /img src=x/);
    await page.getByRole("button", { name: "All devices" }).click();
    const [images, hacked, inherited] = await page.evaluate(() => [
      document.querySelectorAll("img[src=x]").length,
      "hacked" in window,
      Object.keys(Object.prototype).length,
    ]);
    assert.deepEqual([images, hacked, inherited], [0, false, 0]);
  });

  it("show the state of the system as it is", async () => {
    await goTo(page, "security");
    const system = await untilText(page, ".rdbt-sec-system", /every verdict written/);
    assert.match(system, /Broker connected, \d+ clients/);
    assert.match(system, /Last message (just now|\d+ (s|min) ago)/);
    assert.match(system, /Model [\w.-]+@\d+, trained \d+ (s|min|h|days) ago/);
    assert.match(system, /Notifications switched off/);
    assert.match(system, /Sources 6 of at most 1,200 followed/);
  });

  it("go into one device: its readings, those that were flagged, and why", async () => {
    await goTo(page, "devices");
    await page.getByRole("button", { name: "pump-2", exact: true }).press("Enter");
    await untilText(page, ".rdbt-sec-name", /^pump-2$/);
    await untilText(page, ".rdbt-sec-devices", /9 messages 3 anomalies 96\.4 °C now/);
    const readings = /^Temperature, °C: 9 readings from 22\.4 to 96\.4, 3 flagged$/;
    await untilAttribute(page, ".rdbt-sec-chart [role=img]", "aria-label", readings);
    assert.equal(await page.locator(".rdbt-sec-chart").first().locator(".rdbt-sec-dot").count(), 3);
    assert.match(await readText(page, ".rdbt-sec-cards"), /high temperature .* above the limit of 90 °C/);
    // The focus follows.
    await page.waitForFunction(() => document.activeElement?.textContent === "pump-2");
    await page.getByRole("button", { name: "All devices" }).press("Enter");
    await page.waitForFunction(() => document.activeElement?.textContent === "pump-2");
    await page.fill(".rdbt-sec-find input", "PUMP");
    await untilText(page, ".rdbt-sec-tools [role=status]", /^2 of 5 shown$|^[23] of 6 shown$/);
  });

  it("let an operator acknowledge an alert", async () => {
    await goTo(page, "security");
    await page.getByRole("button", { name: "Acknowledge: High temperature, pump-2" }).press("Enter");
    const hot = page.locator(".rdbt-sec-alerts .rdbt-sec-cards > li", { hasText: "High temperature" });
    await hot.getByText("acknowledged", { exact: true }).waitFor();
    await page.getByLabel("only alerts that nobody has acknowledged").check();
    assert.equal(await hot.count(), 0);
    // What only this page believes would be gone now.
    await page.waitForTimeout(1500);
    await page.reload();
    await hot.getByText("acknowledged", { exact: true }).waitFor();
  });

  it("fit a telephone, in light and in dark", async () => {
    for (const [name, part] of [
      ["security", ".rdbt-sec-alerts li"],
      ["devices", ".rdbt-sec-list"],
    ] as const) {
      const url = `${origin()}/ui/${name}`;
      await fitsTelephone(page, url, ".rdbt-sec", (phone) => phone.locator(part).first().waitFor());
    }
  });

  it("keep everything over a reload and a restart", async () => {
    await page.reload();
    await showsWhatWasSent();
    await fleet.close();
    const { port: httpPort, mqttPort } = running as RunningCommand;
    assert.equal(await (running as RunningCommand).stop(), 0);
    running = await RunningCommand.start("start", {
      ...{ home, port: httpPort, mqttPort },
      env: { REDOUBT_DASHBOARD_LOGIN: "open" },
    });
    await running.untilPrinted(READY);
    await load("security");
    await showsWhatWasSent();
  });

  it("are updated at most twice a second while 500 messages a second arrive", async () => {
    const start = performance.now();
    const updates = countUpdates(page);
    await page.reload();
    await page.locator(".rdbt-sec-alerts li").first().waitFor();
    for (let batch = 0; batch < 100; batch++) {
      for (let i = 0; i < 25; i++) {
        await fleet.stranger(port(), "iot/flood", '{"client_id": "flooder"}', 0);
        sent++;
      }
      await pause(50);
    }
    const seconds = (performance.now() - start) / 1000;
    updates.stop();
    const widgets = [...updates.perWidget].filter(([widget]) => widget.startsWith("rdbt-sec-"));
    assert.ok(widgets.length >= 8, `${widgets.length} widgets were fed`);
    for (const [widget, count] of widgets) {
      assert.ok(count > 0 && count <= 2 * seconds + 2, `${widget} was updated ${count} times in ${seconds} s`);
    }
    await counted(sent);
  });

  it("answer a click while 20,000 messages of different clients arrive", async () => {
    let hasClicked = false;
    const sending = (async () => {
      // Longer on a slow machine: the clicks come while messages do.
      for (let i = 0; i < 20_000 || !hasClicked; i++) {
        await fleet.stranger(port(), `iot/clients/${i}`, `{"client_id": "client-${i}", "temp": 22}`, 0);
        sent++;
        if (i % 100 === 99) await pause(20);
      }
    })();
    try {
      const filter = page.getByLabel("only alerts that nobody has acknowledged");
      await filter.check();
      await page.getByRole("button", { name: /^Show \d+ more$/ }).click();
      assert.ok((await page.locator(".rdbt-sec-alerts .rdbt-sec-cards > li").count()) > 10);
      await filter.uncheck();
    } finally {
      hasClicked = true;
    }
    await sending;
    await counted(sent);
    assert.match(await readText(page, ".rdbt-sec-system"), /Sources 202 of at most 1,200 followed, [\d,]+ forgotten/);
    await goTo(page, "devices");
    await untilText(page, ".rdbt-sec-tools [role=status]", /^200 of 200 shown$/);
  });

  it("start anew after a reset that was confirmed, and not before", async () => {
    await goTo(page, "security");
    await counted(sent);
    const button = page.getByRole("button", { name: "Reset counters…" });
    const dialog = page.getByRole("dialog", { name: "Reset all counters?" });
    await button.press("Enter");
    await dialog.waitFor();
    for (let i = 0; i < 5; i++) {
      await page.keyboard.press("Tab");
      const outside = await page.evaluate(() => {
        const { activeElement } = document;
        return activeElement !== document.body && !activeElement?.closest("dialog");
      });
      assert.equal(outside, false, "the focus stays in the dialog");
    }
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    assert.equal(await button.evaluate((element) => element === document.activeElement), true);
    await page.waitForTimeout(1500);
    await counted(sent);

    await button.click();
    await dialog.getByRole("button", { name: "Reset", exact: true }).click();
    await counted(0);
    await untilText(page, ".rdbt-sec-alerts", /^No alert yet/);
    await fleet.reading(port(), "pump-1", ORDINARY);
    await counted(1);
    assert.equal(await readText(page, ".rdbt-sec-normal"), "1 normal");
  });
});
