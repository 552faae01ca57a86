import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Context } from "mocha";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { type FlowNode, shippedFlows } from "../../../cli/launch/shipped-flows.js";
import { Ledger } from "../../../lib/ledger/ledger.js";
import { trustLogic } from "../../../lib/trust/logic.js";
import { launchChromium } from "../chromium.js";
import { goTo } from "../dashboard-page.js";
import { RunningCommand } from "../demo.js";
import { projectRoot } from "../node-red.js";

const READY = /^Broker/m;
/** Of the machine's own zone the hours of the page Occupancy could not be told. */
const VIEW = { timezoneId: "UTC", viewport: { width: 1280, height: 900 } };

/** A page of the dashboard, or two that belong together, with its tests. */
export interface TestedPage {
  title: string;
  /** What its tests need in the home, before anything runs. */
  prepare(): void | Promise<void>;
  /** The shipped flows, as its tests need them. */
  changed(flows: readonly FlowNode[]): FlowNode[];
  /** Tests of somebody who may do everything. */
  forOperators(): void;
  /** Closes what would keep the command from ending. */
  leave(): void | Promise<void>;
  /** Tests of somebody who only looks, after a restart. */
  forViewers(): void;
}

/**
 * One `redoubt start` and one browser for the tests of several pages: with one each, three of them cost the processor twenty
 * seconds more. It is started again once, to ask for a login.
 */
export class PagesRun {
  readonly pages: readonly TestedPage[];
  readonly home = mkdtempSync(join(tmpdir(), "redoubt-pages-"));
  private started: RunningCommand | undefined;
  private browser: Browser | undefined;
  private hasLeft = false;
  private shown: Page | undefined;
  private viewers: BrowserContext | undefined;
  private isSignedIn = false;

  constructor(pagesOf: (run: PagesRun) => readonly TestedPage[]) {
    this.pages = pagesOf(this);
  }

  async start(context: Context): Promise<void> {
    this.browser = await launchChromium(context);
    for (const page of this.pages) await page.prepare();
    mkdirSync(join(this.home, "node-red"), { recursive: true });
    const flows = this.pages.reduce((nodes, page) => page.changed(nodes), shippedFlows(join(projectRoot, "flows")));
    writeFileSync(join(this.home, "node-red", "flows.json"), JSON.stringify(flows));
    this.started = await RunningCommand.start("start", { home: this.home, env: { REDOUBT_DASHBOARD_LOGIN: "open" } });
    await this.started.untilPrinted(READY);
    this.shown = await (await this.browser.newContext(VIEW)).newPage();
  }

  get running(): RunningCommand {
    return this.started as RunningCommand;
  }

  get origin(): string {
    return this.running.origin;
  }

  /** What operators look at. */
  get page(): Page {
    return this.shown as Page;
  }

  /** Shows a page of the dashboard, of which there may be none yet. */
  async show(name: string): Promise<void> {
    if (this.page.url().startsWith(this.origin)) await goTo(this.page, name);
    else await this.page.goto(`${this.origin}/ui/${name}`);
  }

  /** The log as another process reads it. */
  withLedger<T>(work: (ledger: Ledger) => T): T {
    const ledger = Ledger.open({
      path: join(this.home, "state", "ledger.db"),
      keyPath: join(this.home, "keys", "ledger.pem"),
      origin: "redoubt.local/device-gateway",
      trust: trustLogic,
    });
    try {
      return work(ledger);
    } finally {
      ledger.close();
    }
  }

  /** Ends the command in order and starts it on the same home and ports, asking for a login. */
  async restart(): Promise<void> {
    const { port, mqttPort } = this.running;
    await this.page.context().close();
    await this.leave();
    assert.equal(await this.running.stop(), 0);
    const env = { REDOUBT_DASHBOARD_LOGIN: "required" };
    this.started = await RunningCommand.start("start", { home: this.home, port, mqttPort, env });
    await this.started.untilPrinted(READY);
    this.viewers = await (this.browser as Browser).newContext(VIEW);
  }

  /** Opens a page as a viewer, who signs in at the first one. */
  async openAsViewer(name: string): Promise<{ viewer: Page; received: string[] }> {
    const viewer = await (this.viewers as BrowserContext).newPage();
    const received: string[] = [];
    viewer.on("websocket", (ws) => ws.on("framereceived", ({ payload }) => received.push(String(payload))));
    await viewer.goto(`${this.origin}/ui/${name}`);
    if (!this.isSignedIn) {
      const passwords = readFileSync(join(this.home, "initial-passwords.txt"), "utf8");
      await viewer.fill("input[name=user]", "viewer");
      await viewer.fill("input[name=password]", /^viewer (\S+)$/m.exec(passwords)?.[1] as string);
      await viewer.click("button");
      this.isSignedIn = true;
    }
    return { viewer, received };
  }

  async stop(): Promise<void> {
    await this.leave();
    await this.browser?.close();
    await this.started?.stop();
    rmSync(this.home, { recursive: true, force: true });
  }

  private async leave(): Promise<void> {
    if (this.hasLeft) return;
    this.hasLeft = true;
    for (const page of this.pages) await page.leave();
  }
}
