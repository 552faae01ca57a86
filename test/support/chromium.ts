import type { Context } from "mocha";
import { type Browser, chromium } from "playwright-core";
import { findCommand, requireOnMachine } from "../setup.js";

/**
 * Chromium makes the pages of its address bar's menu in every new window, hidden, for two seconds of the processor. The
 * list takes the place of Playwright's own: what that switches off for the pages of a test is in it.
 */
const FEATURES_OFF = [
  ...["WebUIOmniboxPopup", "WebUIOmniboxAimPopup"],
  ...["AimEnabled", "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades"],
  ...["HttpsFirstBalancedModeAutoEnable", "MediaRouter", "NetworkTimeServiceQuerying", "OptimizationHints"],
  ...["PaintHolding", "PreconnectToSearch", "ThirdPartyStoragePartitioning"],
];

/** Of pages, and of what is waited for in them: where much else runs, half a minute may pass before a page is there. */
const PATIENCE_MS = 120_000;

/** Debian's Chromium, headless; skips the test where it is not installed. */
export async function launchChromium(context: Context): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? findCommand("chromium") ?? findCommand("chromium-browser");
  requireOnMachine(context, executablePath !== undefined, "Chromium (apt-get install chromium)");
  const browser = await chromium.launch({
    executablePath: executablePath as string,
    args: ["--no-sandbox", "--disable-gpu", `--disable-features=${FEATURES_OFF.join()}`],
    timeout: PATIENCE_MS,
  });
  const newContext = browser.newContext.bind(browser);
  browser.newContext = async (options) => {
    const context = await newContext(options);
    context.setDefaultTimeout(PATIENCE_MS);
    return context;
  };
  return browser;
}
