// Runs as a process of its own: meters one capture and prints what it found, as somebody's first and only run would.
import { readCaptureFile } from "../../lib/network/capture/file.js";
import { detectorObservers } from "../../lib/network/meter/detectors.js";
import { NetworkMeter } from "../../lib/network/meter/network-meter.js";

async function main(path: string): Promise<void> {
  let connections = 0;
  const meter = new NetworkMeter({ onFlow: () => connections++, observers: detectorObservers({}) });
  const { packets } = await readCaptureFile(path, (packet) => meter.packet(packet), { counters: meter.captured });
  meter.end();
  console.log(JSON.stringify({ packets, connections }));
}

void main(process.argv[2] as string);
