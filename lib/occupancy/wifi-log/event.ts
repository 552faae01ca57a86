/** A device comes to an access point or leaves it. */
export interface WifiEvent {
  kind: "join" | "leave";
  /** `aa:bb:cc:dd:ee:ff`. */
  mac: string;
  ap: string;
  /** Unix seconds. */
  time: number;
  /** With `leave`, where the controller says it: how long the device was there, seconds. */
  duration?: number;
}

const JOIN = /^(client-)?(assoc|associated|association|reassociation|connect|connected|join|joined|authentication)$/i;
const LEAVE =
  /^(client-)?(disassoc|disassociated|disassociation|deauthenticated|deauthentication|disconnect|disconnected|leave|left|roamed)$/i;

/** What an event is called by the controllers, see the documentation of the syslog reader. */
export function kindOf(name: string): WifiEvent["kind"] | undefined {
  if (JOIN.test(name)) return "join";
  return LEAVE.test(name) ? "leave" : undefined;
}
