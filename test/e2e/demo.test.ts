import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { launchChromium } from "../support/chromium.js";
import { goTo } from "../support/dashboard-page.js";
import { dashboardRoles } from "../support/dashboard-roles.js";
import { RunningCommand } from "../support/demo.js";
import { freePort } from "../support/free-port.js";

const READY = /Ctrl-C ends everything/;
/** Chromium looks with every frame that it draws unless told. */
const PATIENTLY = { timeout: 100_000, polling: 250 };

/** The text as a person reads it, with the spaces that the layout makes. */
async function text(page: Page, selector: string): Promise<string> {
  return (await page.locator(selector).first().innerText()).replace(/\s+/g, " ").trim();
}

describe("redoubt demo", function () {
  this.timeout(240_000);
  let demo: RunningCommand | undefined;
  let browser: Browser | undefined;
  let page: Page;

  after(async () => {
    await browser?.close();
    await demo?.stop("SIGKILL");
    demo?.removeHome();
  });

  it("starts on a fresh home and shows live data at /ui", async function () {
    browser = await launchChromium(this);
    demo = await RunningCommand.start("demo");
    // A running broker takes over new accounts only within seconds: what is quicker is refused, and the demo ends.
    const log = join(demo.home, "logs", "node-red.log");
    while (!existsSync(log)) {
      assert.equal(demo.child.exitCode, null, demo.output);
      await new Promise((tick) => setTimeout(tick, 5));
    }
    assert.ok(demo.account("esp32-env-01"), "its devices have accounts before anything runs");
    await demo.untilPrinted(READY);
    page = await browser.newPage();
    await page.goto(`${demo.origin}/ui`);
    const accepted = () => text(page, ".rdbt-messages .rdbt-figures");
    await page.waitForFunction(
      () => /[1-9]\d*accepted/.test(document.querySelector(".rdbt-messages")?.textContent ?? ""),
      undefined,
      PATIENTLY,
    );
    const first = await accepted();
    await page.waitForFunction(
      (before) => document.querySelector(".rdbt-messages .rdbt-figures")?.textContent !== before,
      await page.locator(".rdbt-messages .rdbt-figures").first().textContent(),
      PATIENTLY,
    );
    assert.notEqual(await accepted(), first, "the figures move");
    // All eight racks; the first summaries may cover less than their two seconds.
    await page.waitForFunction(
      () =>
        /^\s*(7\.[5-9]|8(\.\d)?)readings/.test(
          document.querySelector(".rdbt-messages .rdbt-figures")?.textContent ?? "",
        ),
      undefined,
      PATIENTLY,
    );
  });

  it("watches an invented house, in which somebody attacks, without any rights", async () => {
    await goTo(page, "network");
    await page.waitForFunction(
      () => /SYN scan/.test(document.querySelector(".rdbt-net-alerts .rdbt-net-cards")?.textContent ?? ""),
      undefined,
      PATIENTLY,
    );
    assert.match(await text(page, ".rdbt-net-total"), /^[1-9][\d,]* packets/);
    assert.match(await text(page, ".rdbt-net-now"), /dry run/);
  });

  it("counts the devices of an invented campus, whose last day is there from the start", async () => {
    await goTo(page, "occupancy");
    const isStored = () => /[1-9]/.test(document.querySelector(".rdbt-occ-stored td")?.textContent ?? "");
    await page.waitForFunction(isStored, undefined, PATIENTLY);
    // Which shade an hour has depends on the day of the week; that people were
    // there in most of them does not.
    const busy = [1, 2, 3, 4, 5, 6].map((level) => `.rdbt-occ-strip .rdbt-occ-q${level}`).join();
    await page.waitForFunction((hours) => document.querySelectorAll(hours).length > 150, busy, PATIENTLY);
    assert.match(await text(page, ".rdbt-occ-here"), /^\d[\d,]*|^fewer than 5/);
    await page.close();
  });

  it("keeps every secret private and out of flows and logs", () => {
    const home = (demo as RunningCommand).home;
    for (const name of readdirSync(home, { recursive: true, encoding: "utf8" })) {
      if (
        !/\.key$|accounts\.json|users\.json|logins\.json|initial-passwords|credential-secret|flows_cred\.json/.test(
          name,
        )
      )
        continue;
      // A lock, or what is being written and then renamed, may be gone by now.
      const mode = statSync(join(home, name), { throwIfNoEntry: false })?.mode ?? 0;
      assert.equal(mode & 0o077, 0, `${name} can be read by others`);
    }
    const secrets = [
      ...["raw.key", "masked.key", "hvac.key", "occupancy.key"].map((name) =>
        readFileSync(join(home, "keys", name), "utf8").trim(),
      ),
      readFileSync(join(home, "credential-secret"), "utf8").trim(),
      ...["gateway", "hvac", "rack-1", "plant"].map((name) => (demo as RunningCommand).account(name).password),
    ];
    const visible = [
      (demo as RunningCommand).output,
      (demo as RunningCommand).nodeRedLog,
      readFileSync(join(home, "node-red", "flows.json"), "utf8"),
    ].join("\n");
    for (const secret of secrets) {
      assert.ok(secret.length > 20);
      assert.ok(!visible.includes(secret));
    }
  });

  it("asks for a password before it shows the editor or the flows", async () => {
    const { origin, home } = demo as RunningCommand;
    assert.equal((await fetch(`${origin}/flows`)).status, 401);
    const password = /^operator (\S+)$/m.exec(readFileSync(join(home, "initial-passwords.txt"), "utf8"))?.[1] as string;
    const body = (secret: string) =>
      new URLSearchParams({
        client_id: "node-red-admin",
        grant_type: "password",
        scope: "*",
        username: "operator",
        password: secret,
      });
    assert.notEqual((await fetch(`${origin}/auth/token`, { method: "POST", body: body("wrong") })).status, 200);
    assert.equal((await fetch(`${origin}/auth/token`, { method: "POST", body: body(password) })).status, 200);
  });

  it("refuses a taken port in one line", async () => {
    const { port, mqttPort } = demo as RunningCommand;
    for (const [options, variable] of [
      [{ port }, "PORT"],
      [{ mqttPort }, "REDOUBT_MQTT_PORT"],
    ] as const) {
      const second = await RunningCommand.start("demo", options);
      assert.equal(await second.ended, 1);
      assert.match(second.output, new RegExp(`^redoubt: port \\d+ on 127.0.0.1 is taken.*set ${variable}$`));
      second.removeHome();
    }
  });

  it("ends cleanly on Ctrl-C, having logged no error", async () => {
    assert.doesNotMatch((demo as RunningCommand).nodeRedLog, /\[error\]/);
    assert.equal(await (demo as RunningCommand).stop(), 0);
  });

  describe("on a second start, which asks for a login", function () {
    this.timeout(400_000);

    it("reuses everything", async () => {
      const { home, port } = demo as RunningCommand;
      const keys = () => readFileSync(join(home, "keys", "raw.key"), "utf8");
      const accounts = () => readFileSync(join(home, "broker", "accounts.json"), "utf8");
      const [keyBefore, accountsBefore] = [keys(), accounts()];
      demo = await RunningCommand.start("demo", { home, port, env: { REDOUBT_DASHBOARD_LOGIN: "required" } });
      await demo.untilPrinted(READY);
      assert.equal(keys(), keyBefore);
      assert.equal(accounts(), accountsBefore);
      assert.doesNotMatch(demo.output, /kept/, "untouched flows follow the package");
    });

    dashboardRoles(() => ({ demo: demo as RunningCommand, browser: browser as Browser }));

    it("ends cleanly on SIGTERM", async () => {
      assert.equal(await (demo as RunningCommand).stop("SIGTERM"), 0);
    });
  });
});

describe("redoubt start, misconfigured", function () {
  this.timeout(120_000);
  const home = mkdtempSync(join(tmpdir(), "redoubt-refused-"));

  after(() => {
    chmodSync(home, 0o700);
    rmSync(home, { recursive: true, force: true });
  });

  async function refused(env: Record<string, string>, code = 1): Promise<string> {
    const command = await RunningCommand.start("start", { home, env });
    assert.equal(await command.ended, code, command.output);
    assert.equal(command.output.split("\n").length, 1, command.output);
    return command.output;
  }

  it("names an unreachable REDOUBT_MQTT_URL", async () => {
    const port = await freePort();
    const line = await refused({ REDOUBT_MQTT_URL: `mqtt://user:secret-password@127.0.0.1:${port}` });
    assert.match(line, /no MQTT broker to use at REDOUBT_MQTT_URL mqtt:\/\/127.0.0.1:\d+ \(ECONNREFUSED\)/);
    assert.doesNotMatch(line, /secret-password/);
  });

  it("names a home that cannot be written", async () => {
    assert.match(await refused({ REDOUBT_HOME: "/proc/redoubt" }), /cannot write to \/proc\/redoubt.*set REDOUBT_HOME/);
  });

  it("names a variable with a wrong value, exit code 2", async () => {
    assert.match(await refused({ PORT: "eighteen" }, 2), /PORT=eighteen is not a port number/);
    assert.match(await refused({ REDOUBT_MQTT_URL: "http://x" }, 2), /must start with mqtt/);
  });

  it("refuses to open the dashboard to the network without a login", async () => {
    const line = await refused({ REDOUBT_HOST: "0.0.0.0", REDOUBT_DASHBOARD_LOGIN: "open" });
    assert.match(line, /refusing to listen on 0.0.0.0 without a dashboard login/);
  });

  it("prints help and usage errors with the right exit codes", () => {
    const cli = join(__dirname, "..", "..", "dist", "cli", "main.js");
    const run = (...args: string[]) => spawnSync(process.execPath, [cli, ...args], { encoding: "utf8" });
    assert.equal(run("--help").status, 0);
    assert.equal(run("demo", "--help").status, 0);
    assert.equal(run("demo", "--rate", "3").status, 2);
    assert.equal(run("no-such-command").status, 2);
    assert.equal(run("start", "--no-such-option").status, 2);
  });
});
