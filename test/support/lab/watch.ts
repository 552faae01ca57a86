// Meters the gateway's bridge and tells what it finds, a JSON line each: `node watch.js {options of LabWatch}`. SIGTERM
// ends it. What it blocks for, it blocks itself.
import type { NetworkAlert, NetworkAlertKind } from "../../../lib/common/network.js";
import { RefusedBlock } from "../../../lib/firewall/refusal.js";
import { detectorObservers } from "../../../lib/network/meter/detectors.js";
import { LiveMeter } from "../../../lib/network/meter/live-meter.js";
import { type MakeObserver, NetworkMeter } from "../../../lib/network/meter/network-meter.js";
import { CrossingWatch } from "./crossing.js";
import { crossingRule } from "./crossing-rules.js";
import { BRIDGE } from "./hosts.js";
import type { WatchLine, WatchOptions } from "./lab-watch.js";
import { startBlocker } from "./watch-blocker.js";

/**
 * Whole frames, for MQTT is read message by message and what is cut off is a gap in that; and not more, for tcpdump
 * gives each packet of its buffer so much room.
 */
const SNAP_LENGTH = 1600;
const COUNTERS_MS = 1000;
const TICK_MS = 1000;

const options = JSON.parse(process.argv[2] ?? "{}") as WatchOptions & { folder: string };

function tell(line: WatchLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Tells the crossing of a threshold once, when it is seen. */
function crossingObserver(kind: NetworkAlertKind): MakeObserver {
  const watch = new CrossingWatch(crossingRule(kind, options.attackerMac ?? ""));
  return () => ({
    packet: (packet) => {
      if (watch.crossedAt !== undefined) return;
      watch.packet(packet);
      if (watch.crossedAt !== undefined) tell({ kind: "crossed", threshold: kind, at: watch.crossedAt });
    },
    tick: () => {},
    end: () => {},
  });
}

async function run(): Promise<void> {
  const { blockSec } = options;
  const blocker = blockSec === undefined ? undefined : await startBlocker(options.folder, blockSec);
  /** Capture time, of the last packet or tick. */
  let now = 0;
  const clock: MakeObserver = () => ({
    packet: ({ time }) => {
      now = time;
    },
    tick: (time) => {
      now = time;
    },
    end: () => {},
  });

  const block = async (alert: NetworkAlert) => {
    try {
      const outcome = await blocker?.alert(alert);
      if (outcome) tell({ kind: "acts", acts: outcome.acts });
    } catch (error) {
      if (!(error instanceof RefusedBlock)) throw error;
      tell({ kind: "refused", refusal: error.refusal, about: `${alert.kind} ${alert.source.address}` });
    }
  };

  const meter = new NetworkMeter({
    observers: [clock, ...(options.thresholds ?? []).map(crossingObserver), ...detectorObservers({})],
    onAlert: (alert) => {
      tell({ kind: "alert", alert, at: now, wall: Date.now() / 1000 });
      void block(alert);
    },
  });
  let countedAt = Number.NEGATIVE_INFINITY;
  const live = new LiveMeter(
    meter,
    { interface: BRIDGE, bufferKiB: 65_536, snapLength: SNAP_LENGTH },
    {
      capturing: () => tell({ kind: "ready" }),
      lost: (reason) => {
        throw new Error(reason);
      },
      beat: () => {
        if (performance.now() - countedAt < COUNTERS_MS) return;
        countedAt = performance.now();
        tell({ kind: "counters", counters: { ...meter.counters(), dropped: live.dropped } });
      },
    },
  );
  const ticks = setInterval(
    () => void blocker?.tick().then((acts) => acts.length > 0 && tell({ kind: "acts", acts })),
    TICK_MS,
  );
  process.once("SIGTERM", () => void live.stop());
  await live.run();
  clearInterval(ticks);
  tell({ kind: "counters", counters: { ...meter.counters(), dropped: live.dropped } });
}

void run();
