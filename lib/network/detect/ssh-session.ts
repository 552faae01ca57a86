import type { Packet } from "../packet.js";
import type { Application } from "./connections.js";

/** Binary packet with the one byte SSH_MSG_NEWKEYS: length 12, padding 10 (RFC 4253 sections 6 and 7.3). */
const NEW_KEYS = Buffer.from([0, 0, 0, 12, 10, 21]);
/** Its size on the wire, before encryption begins. */
const NEW_KEYS_LENGTH = 16;
/** So large an answer to a login is no refusal: host keys, a greeting, output. */
const LARGE = 200;
/** Refusals are all alike; a server that asks questions (keyboard-interactive) has two sizes. */
const MAX_SIZES = 2;

/**
 * Guesses from the sizes of an SSH connection's packets how many logins were refused: after the key exchange everything
 * is encrypted, but all refusals have one size, while a login that succeeds goes on with packets of other sizes.
 */
export class SshSession implements Application {
  private isKeyed = false;
  private requests = 0;
  private readonly sizes: number[] = [];
  private refused = 0;
  private isOther = false;
  private isIn = false;

  /** @param onRefusals is told how many refusals to add, or to take back when a login succeeded after all. */
  constructor(private readonly onRefusals: (by: number) => void) {}

  client(p: Packet): void {
    if (this.isIn) return;
    if (!this.isKeyed) {
      const at = p.payload.indexOf(NEW_KEYS);
      if (at < 0) return;
      this.isKeyed = true;
      if (at + NEW_KEYS_LENGTH < p.payloadLength) this.requests = 1;
      return;
    }
    this.requests += 1;
    if (this.isOther) this.succeed();
  }

  server(p: Packet): void {
    // The answer to the first request only says that logins are possible.
    if (!this.isKeyed || this.isIn || this.requests < 2) return;
    if (p.payloadLength >= LARGE) {
      this.succeed();
      return;
    }
    if (!this.sizes.includes(p.payloadLength)) {
      if (this.sizes.length === MAX_SIZES) {
        // The server's good-bye has a size of its own, too; but then the client says nothing more.
        this.isOther = true;
        return;
      }
      this.sizes.push(p.payloadLength);
    }
    if (p.payloadLength !== this.sizes[0]) return;
    this.refused += 1;
    this.onRefusals(1);
  }

  end(): void {
    this.isIn = true;
  }

  private succeed(): void {
    this.isIn = true;
    if (this.refused > 0) this.onRefusals(-this.refused);
  }
}
