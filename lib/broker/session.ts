import { anyCovers, isTopicFilter, isTopicName } from "./topic.js";
import type { AccessRights } from "./users-file.js";

/** Topics whose verdict is remembered for a connection; a device publishes on a handful. */
const REMEMBERED_TOPICS = 64;
/** Only the broker itself speaks here. */
export const RESERVED_PREFIX = "redoubt/broker/";

/** What one logged-in connection may do, by the rights its user had at login. */
export class Session {
  private readonly verdicts = new Map<string, boolean>();
  readonly subscriptions = new Set<string>();

  constructor(
    readonly username: string,
    private readonly rights: AccessRights,
    private readonly maxSubscriptions: number,
  ) {}

  mayPublish(topic: string): boolean {
    const known = this.verdicts.get(topic);
    if (known !== undefined) return known;
    const allowed =
      isTopicName(topic) &&
      !topic.startsWith("$") &&
      !topic.startsWith(RESERVED_PREFIX) &&
      anyCovers(this.rights.publish, topic);
    if (this.verdicts.size < REMEMBERED_TOPICS) this.verdicts.set(topic, allowed);
    return allowed;
  }

  /** Whether a subscription is granted; counts it if so. */
  subscribe(filter: string): boolean {
    if (!isTopicFilter(filter) || !anyCovers(this.rights.subscribe, filter)) return false;
    if (!this.subscriptions.has(filter) && this.subscriptions.size >= this.maxSubscriptions) return false;
    this.subscriptions.add(filter);
    return true;
  }

  unsubscribe(filter: string): void {
    this.subscriptions.delete(filter);
  }
}
