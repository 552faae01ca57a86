import { createHash } from "node:crypto";
import { join } from "node:path";
import { isIdentifier } from "../common/identifier.js";
import type { Channel } from "./channel.js";
import type { Clock } from "./clock.js";
import { DeadLetters } from "./dead-letters.js";
import { DurableQueue } from "./durable-queue.js";
import { HeldFile } from "./held-file.js";
import { Notifier, type NotifierListener } from "./notifier.js";
import type { NotifySettings } from "./settings.js";

export interface NotifyPaths {
  queue: string;
  held: string;
  deadLetters: string;
}

/** Where a notify node keeps its files, by its id. */
export function notifyPaths(stateFolder: string, id: string): NotifyPaths {
  const name = isIdentifier(id) ? id : createHash("sha256").update(id).digest("hex").slice(0, 32);
  const path = (suffix: string) => join(stateFolder, `notify-${name}${suffix}`);
  return { queue: path(".jsonl"), held: path("-held.json"), deadLetters: path("-dead.jsonl") };
}

/**
 * Opens the files of a notify node and starts to deliver what they hold.
 *
 * @throws {Error} of the file system, or that names a damaged file.
 */
export function openNotifier(
  paths: NotifyPaths,
  settings: NotifySettings,
  channel: Channel,
  clock: Clock,
  listener: NotifierListener,
  random?: () => number,
): Notifier {
  const queue = new DurableQueue(paths.queue, settings.capacity);
  if (queue.damaged > 0) {
    listener.warn(
      `${queue.damaged} unreadable lines of ${paths.queue} were left out; a copy is in ${paths.queue}.damaged`,
    );
  }
  const files = { queue, held: new HeldFile(paths.held), deadLetters: new DeadLetters(paths.deadLetters) };
  try {
    return new Notifier(settings, channel, files, clock, listener, random);
  } catch (error) {
    queue.close();
    throw error;
  }
}
