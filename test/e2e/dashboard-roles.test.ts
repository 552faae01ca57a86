import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { launchChromium } from "../support/chromium.js";
import { RunningCommand } from "../support/demo.js";

/** Everything a page receives from the dashboard's socket, by polling or websocket. */
function recordTraffic(page: Page): { text: () => string } {
  const pieces: string[] = [];
  page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => pieces.push(String(payload))));
  page.on("response", (response) => {
    if (response.url().includes("/socket.io/"))
      response.text().then(
        (body) => pieces.push(body),
        () => undefined,
      );
  });
  return { text: () => pieces.join("\n") };
}

describe("dashboard with login", function () {
  this.timeout(90_000);
  let demo: RunningCommand | undefined;
  let browser: Browser | undefined;

  after(async () => {
    await browser?.close();
    await demo?.stop();
    demo?.removeHome();
  });

  function password(user: string): string {
    const text = readFileSync(join((demo as RunningCommand).home, "initial-passwords.txt"), "utf8");
    return new RegExp(`^${user} (\\S+)$`, "m").exec(text)?.[1] as string;
  }

  async function signIn(user: string): Promise<{ page: Page; traffic: { text: () => string } }> {
    const context = await (browser as Browser).newContext();
    const page = await context.newPage();
    const traffic = recordTraffic(page);
    await page.goto(`${(demo as RunningCommand).origin}/ui/thermal`);
    await page.fill("input[name=user]", user);
    await page.fill("input[name=password]", password(user));
    await page.click("button");
    await page.waitForFunction(() =>
      /[1-9]\d*accepted/.test(document.querySelector(".rdbt-messages")?.textContent ?? ""),
    );
    return { page, traffic };
  }

  it("shows an operator raw values and a viewer none, over every transport", async function () {
    browser = await launchChromium(this);
    demo = await RunningCommand.start("demo", { env: { REDOUBT_DASHBOARD_LOGIN: "required" } });
    await demo.untilPrinted(/Ctrl-C ends everything/);

    const operator = await signIn("operator");
    const viewer = await signIn("viewer");
    await operator.page.waitForTimeout(5000);
    assert.match(operator.traffic.text(), /raw zone mean/);
    assert.match(viewer.traffic.text(), /acceptedTotal/, "the viewer is fed");
    assert.doesNotMatch(viewer.traffic.text(), /raw zone mean|"audience"/);

    // A page that is opened later gets the charts' history, which holds raw points too.
    const later = await viewer.page.context().newPage();
    const history = recordTraffic(later);
    await later.goto(`${demo.origin}/ui/thermal`);
    await later.waitForTimeout(3000);
    assert.match(history.text(), /acceptedTotal/);
    assert.doesNotMatch(history.text(), /raw zone mean|"audience"/);
    const debug = await viewer.page.request.get(`${demo.origin}/ui/_debug/datastore/rdbt-ui-trend`);
    assert.equal(debug.status(), 403);
  });

  it("gives a stranger neither pages nor socket", async () => {
    const { origin } = demo as RunningCommand;
    for (const path of ["/ui", "/ui/thermal", "/ui/_setup", "/ui/_debug/datastore/rdbt-ui-trend"]) {
      assert.equal((await fetch(`${origin}${path}`)).status, 401, path);
    }
    const opened = await fetch(`${origin}/ui/socket.io/?EIO=4&transport=polling`);
    const sid = /"sid":"([^"]+)"/.exec(await opened.text())?.[1];
    assert.ok(sid);
    const session = `${origin}/ui/socket.io/?EIO=4&transport=polling&sid=${sid}`;
    await fetch(session, { method: "POST", body: "40" });
    const answer = await (await fetch(session)).text();
    assert.match(answer, /^44.*unauthorised/, "the connection is refused before any event");
  });
});
