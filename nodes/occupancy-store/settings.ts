import { createHash } from "node:crypto";
import { join } from "node:path";
import type { NodeAPI, NodeDef } from "node-red";
import { isIdentifier } from "../../lib/common/identifier.js";
import { loadOrCreateKeyFile } from "../../lib/envelope/key-file.js";
import { checkPadding, type Padding } from "../../lib/occupancy/padding.js";
import { LOG_FORMATS, type LogFormat, LogReader } from "../../lib/occupancy/wifi-log/log-reader.js";
import { nodeHome } from "../common/home.js";
import { numberSetting } from "../common/number-setting.js";
import { type OccupancyConfig, occupancyOf, type SharedOccupancy } from "../common/occupancy.js";

export interface OccupancyStoreConfig extends NodeDef, OccupancyConfig {
  format: string;
  timeZone: string;
  /** none, pow2 or fixed. */
  padding: string;
  /** Rows of a cell, for fixed. */
  paddingRows: string | number;
  rollUps?: boolean;
  tags?: boolean;
  /** Months that are kept; 0 for all. */
  retention: string | number;
}

export interface OccupancyStoreSettings {
  occupancy: SharedOccupancy;
  format: LogFormat;
  reader: LogReader;
  retention: number;
}

/** Who looks at a dashboard wants to see who just came. */
const BATCH_MS = 500;

function paddingOf(config: OccupancyStoreConfig): Padding {
  const kind = config.padding || "none";
  const padding = (kind === "fixed" ? `fixed:${config.paddingRows}` : kind) as Padding;
  checkPadding(padding);
  return padding;
}

/** A file name for what waits: one for each database. */
function journalName(store: string): string {
  return `occupancy-${isIdentifier(store) ? store : createHash("sha256").update(store).digest("hex").slice(0, 16)}.waiting.db`;
}

/** @throws {Error} that says what to mend; then nothing stays open. */
export function occupancyStoreSettings(RED: NodeAPI, config: OccupancyStoreConfig, id: string): OccupancyStoreSettings {
  const home = nodeHome(RED);
  const format = (config.format || "auto") as LogFormat;
  if (!LOG_FORMATS.includes(format)) throw new Error(`the format is none of ${LOG_FORMATS.join(", ")}`);
  const reader = new LogReader({ format, timeZone: config.timeZone || "UTC" });
  const retention = Math.floor(numberSetting("Keep", config.retention, 0, 0, 1200));
  const padding = paddingOf(config);
  const occupancy = occupancyOf(RED, config, id);
  try {
    occupancy.write(id, {
      journalPath: join(home.state, journalName(config.store)),
      journalMasters: loadOrCreateKeyFile(join(home.keys, "occupancy-waiting.key"), "aes-256").all,
      ingest: { batchMs: BATCH_MS },
      padding,
      rollUps: config.rollUps ?? true,
      tags: config.tags ?? false,
    });
  } catch (error) {
    void occupancy.leave(id);
    throw error;
  }
  return { occupancy, format, reader, retention };
}
