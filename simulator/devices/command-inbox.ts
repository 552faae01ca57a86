import type { JsonObject } from "../../lib/common/json.js";
import { Rejection } from "../../lib/common/rejection.js";
import { parseTimestamp } from "../../lib/common/timestamp.js";
import type { DeviceCrypto } from "./device-crypto.js";
import type { Flash } from "./flash.js";
import type { GatewayDevice } from "./gateway-device.js";

/** Commands that came to a device. */
export interface CommandCounts {
  opened: number;
  /** Not sealed for it, for another device, repeated or too old. */
  refused: number;
}

/** A device's side of commands: it acts on what its gateway sealed for it, once, while it is good. */
export class CommandInbox {
  readonly counts: CommandCounts = { opened: 0, refused: 0 };

  constructor(
    private readonly device: GatewayDevice,
    private readonly crypto: DeviceCrypto,
    private readonly flash: Flash,
  ) {}

  /** @returns the command's name, or undefined where it is refused. @param now milliseconds since the Unix epoch. */
  take(bytes: Buffer, now: number): string | undefined {
    const command = this.open(bytes, now);
    if (command === undefined) this.counts.refused++;
    else this.counts.opened++;
    return command;
  }

  private open(bytes: Buffer, now: number): string | undefined {
    const { id, commandTopic } = this.device;
    let document: JsonObject;
    let expires: number;
    try {
      document = this.crypto.openCommand(bytes, commandTopic, now);
      expires = parseTimestamp(document.expires);
    } catch (error) {
      if (error instanceof Rejection) return undefined;
      throw error;
    }
    const { device_id, command, counter } = document;
    if (device_id !== id || typeof command !== "string" || now > expires) return undefined;
    return this.flash.takeCommand(counter as number) ? command : undefined;
  }
}
