// The firmware as a program of this machine, with sanitizers, built once for each state of its sources.
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Context } from "mocha";
import { buildFirmware, FIRMWARE_PACKAGES } from "../../simulator/firmware/build.js";
import { findCommand, requireOnMachine } from "../setup.js";
import { findMosquitto } from "./brokers.js";
import { projectRoot } from "./node-red.js";

/** A sanitizer's report, in whatever stream it appears. */
export const SANITIZER_REPORT = /ERROR: AddressSanitizer|LeakSanitizer|runtime error:/;

const OTHERS = [
  "redoubt-virtual-device-legacy2",
  "redoubt-virtual-device-legacy3",
  "redoubt-virtual-core-check",
] as const;

/** @param target the virtual device unless given. */
export function virtualDeviceProgram(target?: (typeof OTHERS)[number]): Promise<string> {
  return buildFirmware({
    also: OTHERS.filter((other) => other !== target),
    sources: join(projectRoot, "firmware"),
    cache: join(tmpdir(), "redoubt-test-firmware"),
    sanitize: true,
    ...(target !== undefined && { target }),
  });
}

/** Skips the test where the firmware cannot be built, or has no broker. */
export function requireFirmware(context: Context): void {
  const tools = ["cmake", "g++"].every((name) => findCommand(name) !== undefined);
  const headers = ["mosquitto.h", "mbedtls/version.h"].every((name) => existsSync(join("/usr/include", name)));
  requireOnMachine(context, tools && headers, `the firmware's tools (apt-get install ${FIRMWARE_PACKAGES.join(" ")})`);
  requireOnMachine(context, findMosquitto() !== undefined, "mosquitto (apt-get install mosquitto)");
  requireOnMachine(context, findCommand("openssl") !== undefined, "openssl");
}
