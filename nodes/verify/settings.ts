import { readFileSync } from "node:fs";
import type { NodeDef } from "node-red";
import { resolveIn } from "../../lib/common/home.js";
import { DEFAULT_DEVICE_CAPACITY } from "../../lib/envelope/device-replays.js";
import { DEFAULT_MAX_CLOCK_DIFFERENCE } from "../../lib/verify/freshness.js";
import { builtInCheck, ownCheck, type PayloadCheck } from "../../lib/verify/payload-schema.js";
import { RateLimit } from "../../lib/verify/rate-limit.js";
import { DEFAULT_VERIFY_BYTES } from "../../lib/verify/verifier.js";
import { numberSetting } from "../common/number-setting.js";

/** The settings from `maxClockDifference` on are absent in flows that were saved before there were any. */
export interface VerifyConfig extends NodeDef {
  registry: string;
  unlisted: string;
  ttl: string | number;
  maxSkew: string | number;
  maxBytes: string | number;
  refuseBeforeStart: boolean;
  replayCapacity: string | number;
  maxClockDifference?: string | number;
  schema?: string;
  schemaFile?: string;
  schemaText?: string;
  checkRanges?: boolean;
  rate?: string | number;
  burst?: string | number;
}

export interface VerifySettings {
  ttl: number;
  maxSkew: number;
  maxBytes: number;
  capacity: number;
  refuseBeforeStart: boolean;
  unlisted: "reject" | "accept";
  maxClockDifference: number;
  schema?: PayloadCheck;
  checkRanges: boolean;
  rate?: RateLimit;
}

function schemaOf(config: VerifyConfig, home: string): PayloadCheck | undefined {
  switch (config.schema || "none") {
    case "none":
      return undefined;
    case "built-in":
      return builtInCheck();
    case "file":
      if (!config.schemaFile) throw new Error("no schema file is named");
      return ownCheck(readFileSync(resolveIn(home, config.schemaFile), "utf8"));
    case "text":
      return ownCheck(config.schemaText ?? "");
    default:
      throw new Error("Schema is neither none nor built-in nor file nor text");
  }
}

function rateOf(config: VerifyConfig): RateLimit | undefined {
  const rate = numberSetting("Rate", config.rate, 0, 0, 100_000);
  const burst = numberSetting("Burst", config.burst, 2 * rate, 0, 1_000_000);
  return rate === 0 ? undefined : new RateLimit({ rate, burst: Math.max(1, burst) });
}

/**
 * @param home where a relative name of a schema file starts.
 * @throws {Error} that says what to mend.
 */
export function verifySettings(config: VerifyConfig, home: string): VerifySettings {
  const unlisted = config.unlisted || "reject";
  if (unlisted !== "reject" && unlisted !== "accept") throw new Error("Unlisted devices is neither reject nor accept");
  const schema = schemaOf(config, home);
  const rate = rateOf(config);
  return {
    ttl: numberSetting("Good for", config.ttl, 60, 1, 604_800),
    maxSkew: numberSetting("Clock skew", config.maxSkew, 60, 0, 86_400),
    maxBytes: numberSetting("Size limit", config.maxBytes, DEFAULT_VERIFY_BYTES, 128, 1_048_576),
    capacity: numberSetting("Remember", config.replayCapacity, DEFAULT_DEVICE_CAPACITY, 1, 1_000_000),
    refuseBeforeStart: config.refuseBeforeStart !== false,
    unlisted,
    maxClockDifference: numberSetting(
      "Clock difference",
      config.maxClockDifference,
      DEFAULT_MAX_CLOCK_DIFFERENCE,
      1,
      86_400,
    ),
    ...(schema && { schema }),
    checkRanges: config.checkRanges === true,
    ...(rate && { rate }),
  };
}
