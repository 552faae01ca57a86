import type { FlowRecord } from "../common/network.js";
import type { Packet } from "./packet.js";

/** Something that watches packets as the meter reads them, such as the detectors. */
export interface PacketObserver {
  /** Called for each packet that could be read, after the flow table saw it; the packet is valid during the call only. */
  packet(packet: Packet): void;
  /** Time goes on without packets: capture time in seconds since the Unix epoch, at least once a second in live mode. */
  tick(time: number): void;
  /** A flow's record was written, interim snapshots included. */
  flow?(record: FlowRecord): void;
  /** The capture is over: tell what is still open. */
  end(): void;
}

/** Sources an observer watches and those its cap pushed out, for the counters. */
export interface SourceCounts {
  sources: number;
  evictedSources: number;
}
