import { join } from "node:path";
import type { NodeDef } from "node-red";
import { readSecretFile } from "../../lib/common/files.js";
import { type Home, resolveIn } from "../../lib/common/home.js";
import { isIdentifier } from "../../lib/common/identifier.js";
import { MAX_BATCH_RECORDS } from "../../lib/spool/batch.js";
import { deliveryUrl, type HttpDeliveryOptions } from "../../lib/spool/http-delivery.js";
import { WHEN_FULL, type WhenFull } from "../../lib/spool/segment-log.js";
import { numberSetting } from "../common/number-setting.js";

export interface SpoolOutConfig extends NodeDef {
  url: string;
  gatewayId: string;
  tokenFile: string;
  caFile: string;
  /** Absent in flows that were saved before there was any. */
  serverName?: string;
  certificateFile: string;
  keyFile: string;
  batchRecords: string | number;
  maxWait: string | number;
  timeout: string | number;
  maxSpoolMiB: string | number;
  whenFull: string;
}

export interface SpoolOutCredentials {
  token?: string;
}

export interface SpoolOutSettings {
  http: HttpDeliveryOptions;
  gatewayId: string;
  batchRecords: number;
  maxWaitMs: number;
  spool: { folder: string; maxBytes: number; whenFull: WhenFull };
}

const MIB = 1_048_576;

/**
 * @param token the token of the credentials as it is by now.
 * @throws {Error} that says what to mend.
 */
export function spoolOutSettings(config: SpoolOutConfig, token: () => string, home: Home): SpoolOutSettings {
  if (!isIdentifier(config.gatewayId)) throw new Error("the gateway's name is not 1 to 64 of A-Z a-z 0-9 . _ -");
  const whenFull = WHEN_FULL.find((policy) => policy === (config.whenFull || "reject"));
  if (!whenFull) throw new Error(`When full must be one of ${WHEN_FULL.join(", ")}`);
  const { tokenFile } = config;
  const file = (name: "caFile" | "certificateFile" | "keyFile") =>
    config[name] ? { [name]: resolveIn(home.keys, config[name]) } : {};
  return {
    http: {
      url: deliveryUrl(config.url ?? ""),
      token: tokenFile ? () => readSecretFile(resolveIn(home.keys, tokenFile)).trim() : token,
      ...file("caFile"),
      ...(config.serverName ? { serverName: config.serverName } : {}),
      ...file("certificateFile"),
      ...file("keyFile"),
      timeoutMs: numberSetting("Timeout", config.timeout, 30, 1, 600) * 1000,
    },
    gatewayId: config.gatewayId,
    batchRecords: numberSetting("Batch", config.batchRecords, 50, 1, MAX_BATCH_RECORDS),
    maxWaitMs: numberSetting("Wait", config.maxWait, 2, 0, 3600) * 1000,
    spool: {
      folder: join(home.state, `spool-${config.id}`),
      maxBytes: numberSetting("Disk", config.maxSpoolMiB, 256, 2, 65_536) * MIB,
      whenFull,
    },
  };
}
