import { DEFAULT_HVAC_OPTIONS } from "../../../lib/hvac/hvac-options.js";
import type { Contender, ContenderContext } from "./contenders.js";
import { ControlLoop } from "./control-loop.js";
import { type Publisher, START_MS } from "./publishers.js";
import { BLOCK_SEC, Recorder, type Recording } from "./recording.js";
import { OpenRoom, type RoomOptions, sensorReading } from "./room.js";

export interface RunOptions extends RoomOptions {
  durationSec: number;
  isAnomaly: ContenderContext["isAnomaly"];
  /** Told of every step of every contender, for traces. */
  onStep?: (moment: Moment) => void;
}

export interface Moment {
  contender: string;
  /** From 1. */
  step: number;
  /** NaN where nothing was published. */
  published: number;
  /** True air of the first rack and of the zone, degrees Celsius. */
  rackC: number;
  zoneC: number;
}

export interface RunResult {
  /** Load of each rack by block, 0..1: what attackers are after. */
  loads: Float64Array[];
  recordings: Map<string, Recording & { travelKPerHour: number }>;
}

/** One contender in its own copy of the room. */
interface Lane {
  contender: Contender;
  publisher: Publisher;
  loop: ControlLoop;
  recorder: Recorder;
  /** What this lane's sensors say: one, or all of the zone's. */
  readings: Float64Array;
}

function laneOf(contender: Contender, options: RunOptions): Lane {
  const { rateHz, durationSec, racks, seed, isAnomaly } = options;
  const { intervalSec, attackedWithOthers = false, about } = contender;
  const { setpointC } = DEFAULT_HVAC_OPTIONS;
  const steps = durationSec * rateHz;
  return {
    contender,
    publisher: contender.make({ seed, isAnomaly }),
    loop: new ControlLoop(rateHz, contender.filterTauSec),
    recorder: new Recorder({ rateHz, steps, racks, intervalSec, setpointC, withOthers: attackedWithOthers }),
    readings: new Float64Array(about === "zone" ? racks : 1),
  };
}

/** Lets every contender publish and be regulated, each in its own copy of one room. */
export function runRoom(contenders: readonly Contender[], options: RunOptions): RunResult {
  const { rateHz, durationSec, racks, onStep } = options;
  const room = new OpenRoom(options);
  const steps = durationSec * rateHz;
  const lanes = contenders.map((contender) => laneOf(contender, options));
  const perBlock = BLOCK_SEC * rateHz;
  const loads = Array.from({ length: racks }, () => new Float64Array(Math.ceil(steps / perBlock)));
  for (let step = 1; step <= steps; step++) {
    room.step();
    const block = Math.ceil(step / perBlock) - 1;
    for (const [rack, load] of loads.entries()) {
      load[block] = (load[block] as number) + (room.utilisation[rack] as number) / perBlock;
    }
    const openZoneC = room.meanInletC;
    const timestampMs = START_MS + Math.round((step * 1000) / rateHz);
    for (const { contender, publisher, loop, recorder, readings } of lanes) {
      const effectK = loop.step();
      for (let rack = 0; rack < readings.length; rack++) {
        readings[rack] = sensorReading((room.sensedC[rack] as number) + effectK);
      }
      const published = publisher.accept(timestampMs, readings);
      recorder.accept(published, effectK, readings);
      const rackC = (room.inletC[0] as number) + effectK;
      const zoneC = openZoneC + effectK;
      if (step % rateHz === 0) recorder.compare(contender.about === "zone" ? zoneC : rackC, zoneC);
      onStep?.({ contender: contender.name, step, published, rackC, zoneC });
      if (!Number.isNaN(published)) loop.receive(timestampMs, published);
    }
  }
  const recordings = new Map(
    lanes.map(({ contender, recorder, loop }) => [
      contender.name,
      { ...recorder.finish(), travelKPerHour: (loop.travelK * 3600) / durationSec },
    ]),
  );
  return { loads, recordings };
}
