import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { goTo, untilText } from "./dashboard-page.js";
import type { RunningCommand } from "./demo.js";

interface Traffic {
  text: () => string;
  /** Waits until something was received. */
  until: (pattern: RegExp) => Promise<void>;
}

/** Everything a page receives from the dashboard's socket, by polling or websocket. */
function recordTraffic(page: Page): Traffic {
  const pieces: string[] = [];
  const text = () => pieces.join("\n");
  page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => pieces.push(String(payload))));
  page.on("response", (response) => {
    if (response.url().includes("/socket.io/"))
      response.text().then(
        (body) => pieces.push(body),
        () => undefined,
      );
  });
  const until = async (pattern: RegExp) => {
    for (let i = 0; i < 600 && !pattern.test(text()); i++) await page.waitForTimeout(100);
    assert.match(text(), pattern);
  };
  return { text, until };
}

/** What names a device, gives a reading or says why one was flagged; counters do not, as those of access points. */
const FOR_OPERATORS = /"recentAlerts"|"topThreats"|"devices":\[\{|"source":|sensor-temp|"followed"/;

/** Every route that Dashboard 2 serves, as its own source has them; one that is new here must be looked at. */
function dashboardRoutes(): string[] {
  const source = readFileSync(require.resolve("@flowfuse/node-red-dashboard/nodes/config/ui_base.js"), "utf8");
  return [...source.matchAll(/uiShared\.app\.(\w+)\(([^,]+), (\S+?)[,(]/g)].map(
    ([, method, path, next]) => `${method} ${path} ${next}`,
  );
}

/**
 * Who sees what where the dashboard asks for a login: tests of a running demo that does.
 *
 * @param started the demo and a browser, once they run.
 */
export function dashboardRoles(started: () => { demo: RunningCommand; browser: Browser }): void {
  // One of each for all tests: what its pages have cached costs a second of the processor less than half as much.
  const contexts = new Map<string, BrowserContext>();
  after(() => Promise.all([...contexts.values()].map((context) => context.close())));

  function password(user: string): string {
    const text = readFileSync(join(started().demo.home, "initial-passwords.txt"), "utf8");
    return new RegExp(`^${user} (\\S+)$`, "m").exec(text)?.[1] as string;
  }

  /** Opens a page as somebody who signs in, at the first time. */
  async function open(user: string, name: string): Promise<{ page: Page; traffic: Traffic }> {
    const known = contexts.get(user);
    const context = known ?? (await started().browser.newContext());
    contexts.set(user, context);
    const page = await context.newPage();
    const traffic = recordTraffic(page);
    await page.goto(`${started().demo.origin}/ui/${name}`);
    if (!known) {
      await page.fill("input[name=user]", user);
      await page.fill("input[name=password]", password(user));
      await page.click("button");
    }
    return { page, traffic };
  }

  it("shows an operator raw values and a viewer none, over every transport", async () => {
    const operator = await open("operator", "thermal");
    const viewer = await open("viewer", "thermal");
    for (const { page } of [operator, viewer]) await untilText(page, ".rdbt-messages", /[1-9]\d* accepted/);
    await operator.traffic.until(/raw zone mean/);
    await viewer.traffic.until(/acceptedTotal/);
    // What the operator was sent by then the viewer would have been sent as well.
    await operator.page.waitForTimeout(3000);
    assert.doesNotMatch(viewer.traffic.text(), /raw zone mean|"audience"/);
    assert.doesNotMatch(viewer.traffic.text(), FOR_OPERATORS);

    // A page that is opened later gets the charts' history, which holds raw points too.
    const later = await open("viewer", "thermal");
    await later.traffic.until(/acceptedTotal/);
    await later.page.waitForTimeout(3000);
    assert.doesNotMatch(later.traffic.text(), /raw zone mean|"audience"/);
    const icons = await viewer.page
      .locator("link[rel~=icon], link[rel=apple-touch-icon]")
      .evaluateAll((links) => links.map((link) => (link as HTMLLinkElement).href));
    assert.ok(icons.length > 0);
    for (const icon of icons) {
      const answer = await viewer.page.request.get(icon);
      assert.deepEqual([answer.status(), answer.headers()["content-type"]], [200, "image/png"], icon);
    }
    const debug = await viewer.page.request.get(`${started().demo.origin}/ui/_debug/datastore/rdbt-ui-trend`);
    assert.equal(debug.status(), 403);
    // Pages that stay open go on drawing what the demo sends.
    for (const { page } of [operator, viewer, later]) await page.close();
  });

  it("shows a viewer the counters of the security monitor and says why there is no more", async () => {
    const operator = await open("operator", "security");
    await untilText(operator.page, ".rdbt-sec-system", /Broker connected/);
    await goTo(operator.page, "devices");
    await untilText(operator.page, ".rdbt-sec-devices", /sensor-temp/);
    await operator.traffic.until(FOR_OPERATORS);
    await operator.page.close();

    const viewer = await open("viewer", "security");
    await untilText(viewer.page, ".rdbt-sec-total", /^[1-9]/);
    await untilText(viewer.page, ".rdbt-sec-trend", /in the last hour/);
    for (const part of [".rdbt-sec-alerts", ".rdbt-sec-threats", ".rdbt-sec-system"]) {
      await untilText(viewer.page, part, /for operators|to operators only|No (alert|anomaly) yet/);
    }
    assert.equal(await viewer.page.locator(".rdbt-sec button").count(), 0, "there is nothing to press");
    await goTo(viewer.page, "devices");
    await untilText(viewer.page, ".rdbt-sec-devices", /^Devices and their readings are shown to operators only/);
    await viewer.traffic.until(/"anomalyRate"/);
    await viewer.page.waitForTimeout(3000);
    assert.doesNotMatch(viewer.traffic.text(), FOR_OPERATORS);

    // What the page does not offer, a script could still send.
    const before = await untilText(viewer.page, ".rdbt-sec-counted", /^[\d,]+ messages counted/);
    await viewer.page.evaluate(() => {
      const socket = new WebSocket(`${location.origin.replace("http", "ws")}/ui/socket.io/?EIO=4&transport=websocket`);
      socket.onmessage = ({ data }) => {
        if (String(data).startsWith("0")) socket.send("40");
        if (String(data).startsWith("40")) socket.send('42["widget-send","rdbt-sec-system",{"reset":true}]');
      };
    });
    await viewer.page.waitForTimeout(3000);
    const after = await untilText(viewer.page, ".rdbt-sec-counted", /^[\d,]+ messages counted/);
    const count = (text: string) => Number(/^[\d,]+/.exec(text)?.[0].replaceAll(",", ""));
    assert.ok(count(after) >= count(before), `no reset: ${before}, then ${after}`);
    await viewer.page.close();
  });

  it("gives a stranger neither pages nor socket", async () => {
    const { origin } = started().demo;
    // Everything is behind the guard; the trailing-slash redirect says no value, the manifest only the name.
    assert.deepEqual(dashboardRoutes(), [
      "use config.path uiShared.httpMiddleware",
      "use config.path + '/' (req",
      "get config.path + '/_setup' uiShared.httpMiddleware",
      "get config.path + '/_debug/datastore/:itemid' uiShared.httpMiddleware",
      "get config.path + '/_debug/statestore/:itemid' uiShared.httpMiddleware",
      "get config.path uiShared.httpMiddleware",
      "get '/dashboard/manifest.webmanifest' (req",
      "get config.path + '/*' uiShared.httpMiddleware",
    ]);
    const widgets = ["rdbt-ui-trend", "rdbt-sec-figures", "rdbt-sec-alerts", "rdbt-sec-devices", "rdbt-sec-system"];
    const debug = ["datastore", "statestore"].flatMap((store) => widgets.map((id) => `/ui/_debug/${store}/${id}`));
    const pages = ["/ui", "/ui/", "/ui/thermal", "/ui/security", "/ui/devices", "/ui/index.html", "/ui/no-such-page"];
    for (const path of [...pages, "/ui/_setup", "/ui/_SETUP", "/UI/_setup", "/ui//_setup", ...debug]) {
      const answer = await fetch(`${origin}${path}`);
      assert.equal(answer.status, 401, path);
      // The login form posts to the page that was asked for.
      assert.doesNotMatch((await answer.text()).replaceAll(path, ""), /rdbt-|socketio|payload/, path);
    }
    const manifest = await (await fetch(`${origin}/dashboard/manifest.webmanifest`)).json();
    assert.equal((manifest as { name: string }).name, "Redoubt");
    for (const path of ["flows", "edit/rdbt-sec-page"]) {
      const answer = await fetch(`${origin}/dashboard/api/v1/rdbt-ui-base/${path}`, { method: "PATCH" });
      assert.equal(answer.status, 401, path);
    }
    const opened = await fetch(`${origin}/ui/socket.io/?EIO=4&transport=polling`);
    const sid = /"sid":"([^"]+)"/.exec(await opened.text())?.[1];
    assert.ok(sid);
    const session = `${origin}/ui/socket.io/?EIO=4&transport=polling&sid=${sid}`;
    await fetch(session, { method: "POST", body: "40" });
    const answer = await (await fetch(session)).text();
    assert.match(answer, /^44.*unauthorised/, "the connection is refused before any event");
  });
}
