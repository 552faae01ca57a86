import { performance } from "node:perf_hooks";
import type { FlowRecord } from "../../lib/common/network.js";
import type { CaptureCounters } from "../../lib/network/capture/counters.js";
import { FlowTable } from "../../lib/network/flow/flow-table.js";
import { type DetectorSettings, detectorObservers } from "../../lib/network/meter/detectors.js";
import { type FlowReport, fits, flowReport, type NameFlow } from "../../lib/network/verdict/flow-report.js";
import { IncidentLog } from "../../lib/network/verdict/incident-log.js";
import { SourceBook } from "../../lib/network/verdict/source-book.js";
import { type SourceReport, sourceReports } from "../../lib/network/verdict/source-report.js";
import { readOnce } from "./capture-pass.js";
import type { FlowJudge } from "./flow-judge.js";

export interface DetectOptions {
  path: string;
  detectors: DetectorSettings;
  /** Names the flows of attacks, and all flows where they are asked for. */
  name: NameFlow;
  /** The baseline, where one is used. */
  judge: FlowJudge | undefined;
  /** Gets every flow, in the order in which they ended; the capture is read twice then. */
  onFlow: ((flow: FlowReport) => void) | undefined;
  signal: AbortSignal;
}

export interface Summary {
  kind: "summary";
  packets: number;
  flows: number;
  /** Lines about sources. */
  sources: number;
  /** Incidents of the detectors. */
  attacks: number;
  /** What it took. */
  seconds: number;
  /** From the first to the last packet. */
  captureSeconds: number;
  /** Senders without a line: forged addresses, and those beyond the limit. */
  sourcesNotListed: number;
  /** Findings of the baseline; only with one. */
  unusual?: number;
  /** Packets that could not be read; left out where there are none. */
  unreadable?: number;
  /** The capture ends within a packet. */
  cutShort?: true;
  /** Why the rest could not be read. */
  damaged?: string;
  /** Model that named flows. */
  model?: string;
}

export interface Detection {
  sources: SourceReport[];
  summary: Summary;
}

/** One record for each flow: of a file nobody needs to hear before its end. */
const FLOWS = { interim: 0 };
const JUDGED: ReadonlySet<string> = new Set(["unusual-flow", "unexpected-peer"]);

/** Flows that one incident is named by. */
const MOST_NAMED = 200;

/** What the model calls the flows of an incident, as a reason. */
class Names {
  private readonly votes = new Map<string, { flows: number; labels: Map<string, number> }>();

  constructor(
    private readonly incidents: IncidentLog,
    private readonly name: NameFlow,
    private readonly model: string,
  ) {}

  flow(flow: FlowRecord): void {
    for (const { id, kind } of this.incidents.of(flow)) {
      let vote = this.votes.get(id);
      if (vote === undefined) {
        vote = { flows: 0, labels: new Map() };
        this.votes.set(id, vote);
      }
      if (vote.flows >= MOST_NAMED) continue;
      const named = this.name(flow);
      if (named === undefined) continue;
      vote.flows++;
      if (named.isAttack && fits(named.label, kind))
        vote.labels.set(named.label, (vote.labels.get(named.label) ?? 0) + 1);
    }
  }

  /** Adds to each incident what most of its flows are called, if that is an attack. */
  tell(): void {
    for (const alert of this.incidents.all()) {
      const vote = this.votes.get(alert.id);
      const [label, flows] = [...(vote?.labels ?? [])].sort((a, b) => b[1] - a[1])[0] ?? ["", 0];
      if (!vote || 2 * flows <= vote.flows) continue;
      alert.reasons.push(`${this.model} calls ${flows} of ${vote.flows} of its flows ${label}`);
    }
  }
}

/** Judges a capture file: its senders, its flows if asked for, and the sum of it. */
export async function detect(options: DetectOptions, model: string | undefined): Promise<Detection> {
  const startedAt = performance.now();
  const { path, judge, signal, onFlow } = options;
  const incidents = new IncidentLog();
  const book = new SourceBook();
  const names = model === undefined ? undefined : new Names(incidents, options.name, model);
  const times = { first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY };
  judge?.begin((alert) => incidents.add(alert));
  const table = new FlowTable((flow) => {
    if (incidents.size > 0) names?.flow(flow);
    judge?.flow(flow, incidents.of(flow).length > 0);
  }, FLOWS);
  const observers = detectorObservers(options.detectors).map((make) => make((alert) => incidents.add(alert)));
  const { captured, damage } = await readOnce({
    path,
    label: onFlow ? "looking for attacks" : "reading",
    signal,
    onPacket: (packet) => {
      if (packet.time < times.first) times.first = packet.time;
      if (packet.time > times.last) times.last = packet.time;
      book.packet(packet);
      table.packet(packet);
      for (const observer of observers) observer.packet(packet);
    },
  });
  for (const observer of observers) observer.end();
  table.end();
  judge?.end();
  names?.tell();
  if (onFlow) await tellFlows(options, incidents, onFlow);
  const { sources, notListed } = sourceReports(book, incidents);
  const alerts = [...incidents.all()];
  const summary: Summary = {
    kind: "summary",
    packets: captured.packets,
    flows: table.started,
    sources: sources.length,
    attacks: alerts.filter(({ kind }) => !JUDGED.has(kind)).length + incidents.notKept,
    seconds: Math.round(performance.now() - startedAt) / 1000,
    captureSeconds: captured.packets > 0 && times.last >= times.first ? times.last - times.first : 0,
    sourcesNotListed: notListed,
    ...(judge && { unusual: alerts.filter(({ kind }) => JUDGED.has(kind)).length }),
    ...faults(captured, damage),
    ...(model !== undefined && { model }),
  };
  return { sources, summary };
}

async function tellFlows(
  { path, name, signal }: DetectOptions,
  incidents: IncidentLog,
  onFlow: (flow: FlowReport) => void,
): Promise<void> {
  const table = new FlowTable((flow) => onFlow(flowReport(flow, incidents, name)), FLOWS);
  await readOnce({ path, label: "naming flows", signal, onPacket: (packet) => table.packet(packet) });
  table.end();
}

function faults({ unreadable, cutShort }: CaptureCounters, damage: string | undefined): Partial<Summary> {
  return {
    ...(unreadable > 0 && { unreadable }),
    ...(cutShort && { cutShort: true as const }),
    ...(damage !== undefined && { damaged: damage }),
  };
}
