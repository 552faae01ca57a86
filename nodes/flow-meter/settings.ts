import type { NodeDef } from "node-red";
import { type CaptureProgram, captureArguments, type LiveOptions } from "../../lib/network/capture/capture-program.js";
import { DEFAULT_FLOW_TABLE_OPTIONS, type FlowTableOptions } from "../../lib/network/flow/options.js";
import type { DetectorSettings } from "../../lib/network/meter/detectors.js";
import { numberSetting } from "../common/number-setting.js";

export type FlowMeterConfig = NodeDef & Record<string, unknown>;

export interface FlowMeterSettings {
  /** Missing where only files are metered. */
  live: LiveOptions | undefined;
  autostart: boolean;
  /** As configured. */
  folder: string;
  /** Whether captures that appear in it are metered. */
  watch: boolean;
  flows: FlowTableOptions;
  detectors: DetectorSettings;
  flowsPerSecond: number;
}

const SNAP_LENGTH = 1600;
const FLOWS_PER_SECOND = 1000;
const MOST_SOURCES = 20_000;
const MQTT_PORTS = "1883";
const HOUR_S = 3600;

function text(value: unknown): string {
  return typeof value === "string" ? value.trim() : "";
}

function rows(value: unknown): Record<string, unknown>[] {
  if (value === undefined || value === "") return [];
  if (!Array.isArray(value)) throw new Error("the tables of the detectors are lists of rows");
  return value.filter((row): row is Record<string, unknown> => typeof row === "object" && row !== null);
}

/** A row of the form changes what is filled in. */
function thresholdChanges(value: unknown): Record<string, Record<string, number>> {
  const changes: Record<string, Record<string, number>> = Object.create(null);
  for (const row of rows(value)) {
    const kind = text(row.kind);
    const change: Record<string, number> = {};
    for (const name of ["count", "seconds"]) {
      if (row[name] !== undefined && row[name] !== "") change[name] = Number(row[name]);
    }
    if (kind !== "" && Object.keys(change).length > 0) changes[kind] = change;
  }
  return { ...changes };
}

function exemptions(value: unknown): Record<string, unknown>[] {
  return rows(value)
    .map((row) => {
      const kinds = text(row.kinds)
        .split(/[\s,]+/)
        .filter((kind) => kind !== "");
      const entry: Record<string, unknown> = kinds.length > 0 ? { kinds } : {};
      for (const name of ["address", "mac", "clientId"]) {
        if (text(row[name]) !== "") entry[name] = text(row[name]);
      }
      return entry;
    })
    .filter((entry) => Object.keys(entry).length > 0);
}

/** A list such as "1883, 1884". */
function ports(value: unknown): number[] {
  return (text(value) || MQTT_PORTS).split(",").map((port) => numberSetting("MQTT ports", port.trim(), 0, 1, 65_535));
}

function liveOptions(config: FlowMeterConfig): LiveOptions | undefined {
  const name = text(config.interface);
  if (name === "") return undefined;
  const options: LiveOptions = {
    interface: name,
    program: (text(config.program) || "tcpdump") as CaptureProgram,
    snapLength: numberSetting("snap length", config.snapLength, SNAP_LENGTH, 82, 262_144),
    filter: text(config.filter),
    ...(text(config.user) === "" ? {} : { user: text(config.user) }),
  };
  captureArguments(options);
  return options;
}

/** @throws {Error} that names the setting that cannot be. */
export function flowMeterSettings(config: FlowMeterConfig): FlowMeterSettings {
  const seconds = (name: string, key: keyof FlowTableOptions, min: number) =>
    numberSetting(name, config[key], DEFAULT_FLOW_TABLE_OPTIONS[key], min, HOUR_S);
  return {
    live: liveOptions(config),
    autostart: config.autostart !== false,
    folder: text(config.folder) || "captures",
    watch: config.watch === true,
    flows: {
      maxFlows: Math.floor(
        numberSetting("most flows", config.maxFlows, DEFAULT_FLOW_TABLE_OPTIONS.maxFlows, 100, 2_000_000),
      ),
      tcpIdle: seconds("TCP idle", "tcpIdle", 1),
      udpIdle: seconds("UDP idle", "udpIdle", 1),
      icmpIdle: seconds("ICMP idle", "icmpIdle", 1),
      unanswered: seconds("unanswered", "unanswered", 1),
      closed: seconds("closed", "closed", 0),
      interim: seconds("interim records", "interim", 0),
    },
    detectors: {
      thresholds: thresholdChanges(config.thresholds),
      exemptions: exemptions(config.exemptions),
      maxSources: Math.floor(numberSetting("most sources", config.maxSources, MOST_SOURCES, 100, 1_000_000)),
      mqttPorts: ports(config.mqttPorts),
    },
    flowsPerSecond: Math.floor(numberSetting("flows per second", config.flowsPerSecond, FLOWS_PER_SECOND, 1, 100_000)),
  };
}
