import { statSync } from "node:fs";
import { Rejection } from "../../lib/common/rejection.js";
import { CaptureCounters } from "../../lib/network/capture/counters.js";
import { readCaptureFile } from "../../lib/network/capture/file.js";
import type { Packet } from "../../lib/network/packet.js";
import { CommandFailure } from "../failure.js";
import { ProgressBar } from "../progress.js";

export interface PassOptions {
  path: string;
  /** What the progress bar says. */
  label: string;
  onPacket: (packet: Packet) => void;
  signal: AbortSignal;
}

export interface PassResult {
  captured: CaptureCounters;
  /** Why the rest of the file could not be read; what came before has been. */
  damage?: string;
}

/**
 * @param isReadTwice a pipe cannot be.
 * @throws {CommandFailure} one line about a file that cannot be read at all.
 */
export function checkCapture(path: string, isReadTwice = false): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) throw new CommandFailure(`${path}: there is no such file`);
  if (stat.isDirectory()) throw new CommandFailure(`${path}: this is a folder, not a capture`);
  if (isReadTwice && !stat.isFile())
    throw new CommandFailure(`${path}: --flows reads the capture twice: it needs a file`);
}

/**
 * Reads a capture file once, with a progress bar.
 *
 * @throws {CommandFailure} where it is no capture.
 */
export async function readOnce({ path, label, onPacket, signal }: PassOptions): Promise<PassResult> {
  const captured = new CaptureCounters();
  let bar: ProgressBar | undefined;
  const onProgress = (read: number, total: number) => {
    bar ??= new ProgressBar(label, total);
    bar.update(read);
  };
  try {
    await readCaptureFile(path, onPacket, { counters: captured, onProgress, signal });
  } catch (error) {
    if (error instanceof Rejection) {
      if (captured.packets === 0) throw new CommandFailure(`${path}: ${error.reason}`);
      return { captured, damage: error.reason };
    }
    if ((error as NodeJS.ErrnoException).code !== undefined && !signal.aborted) {
      throw new CommandFailure(`${path}: ${(error as Error).message}`);
    }
    throw error;
  } finally {
    bar?.finish();
  }
  return { captured };
}
