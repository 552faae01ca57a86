// Runs as a process of its own: meters one capture and prints what it found, as somebody's first and only run would.
import { readCaptureFile } from "../../lib/network/capture/file.js";
import { FlowTable } from "../../lib/network/flow/flow-table.js";

async function main(path: string): Promise<void> {
  let connections = 0;
  const table = new FlowTable(() => connections++);
  const { packets } = await readCaptureFile(path, (packet) => table.packet(packet));
  table.end();
  console.log(JSON.stringify({ packets, connections }));
}

void main(process.argv[2] as string);
