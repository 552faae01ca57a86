import type { Context } from "mocha";
import { type Browser, chromium } from "playwright-core";
import { findCommand, requireOnMachine } from "../setup.js";

/** Debian's Chromium, headless; skips the test where it is not installed. */
export async function launchChromium(context: Context): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? findCommand("chromium") ?? findCommand("chromium-browser");
  requireOnMachine(context, executablePath !== undefined, "Chromium (apt-get install chromium)");
  return chromium.launch({ executablePath: executablePath as string, args: ["--no-sandbox", "--disable-gpu"] });
}
