import { createHash, randomBytes } from "node:crypto";
import type { Role } from "./logins.js";

export interface Session {
  user: string;
  role: Role;
  /** Milliseconds since the Unix epoch. */
  expiresAt: number;
}

const LIFETIME_MS = 12 * 3600 * 1000;
const MAX_SESSIONS = 1000;

/** Dashboard sessions: random tokens, of which only the hash is kept, in memory, for twelve hours. */
export class Sessions {
  private readonly byHash = new Map<string, Session>();

  constructor(private readonly now: () => number = Date.now) {}

  /** @returns the token for the browser's cookie. */
  open(user: string, role: Role): string {
    for (const [hash, session] of this.byHash) {
      if (session.expiresAt > this.now() && this.byHash.size < MAX_SESSIONS) break;
      this.byHash.delete(hash);
    }
    const token = randomBytes(32).toString("base64url");
    this.byHash.set(hashOf(token), { user, role, expiresAt: this.now() + LIFETIME_MS });
    return token;
  }

  find(token: string | undefined): Session | undefined {
    if (!token) return undefined;
    const session = this.byHash.get(hashOf(token));
    return session && session.expiresAt > this.now() ? session : undefined;
  }

  close(token: string): void {
    this.byHash.delete(hashOf(token));
  }
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}
