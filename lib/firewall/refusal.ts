import type { BlockRefusal } from "../common/firewall.js";
import { Rejection, type RejectionCode } from "../common/rejection.js";

/** What people read, and the code of the closed list that it leaves the node with. */
const TEXTS: Record<BlockRefusal, readonly [RejectionCode, string]> = {
  "forged-source": ["AUTH", "the sources are forged at random: whoever is named sent nothing"],
  "no-proof": ["AUTH", "nothing proves that the source is who it says; anybody can send packets in its name"],
  stale: ["STALE", "it was found more than a minute away from now, in a capture file or after a long wait"],
  minor: ["RANGE", "it is less severe than what is blocked for"],
  "unusual-only": ["RANGE", "it is unusual and nothing more; blocking for that is off"],
  "no-mac": ["RANGE", "it was found in the link layer, and this firewall cannot block the MAC, or none is named"],
  "allow-listed": ["RANGE", "the allow-list holds it"],
  pardoned: ["RANGE", "an operator opened it a short while ago"],
  "own-address": ["RANGE", "it is this machine"],
  gateway: ["RANGE", "it is a gateway of this machine"],
  resolver: ["RANGE", "it is a name server of this machine"],
  loopback: ["RANGE", "it is a loopback address"],
  multicast: ["RANGE", "it is a multicast address"],
  broadcast: ["RANGE", "it is the address of a whole network"],
  unspecified: ["RANGE", "it is no host's address"],
  reserved: ["RANGE", "it is reserved, or stands for other addresses"],
  "link-local": ["RANGE", "it is link-local, and the setting leaves these alone"],
  "machine-unknown": ["RANGE", "this machine's own addresses and routes cannot be read, so nobody is safe to block"],
  breaker: ["RATE", "too many addresses were blocked within the last minute: from here on only alerts"],
};

/** An alert that blocks nobody: a {@link Rejection} that also says which of the closed list of refusals it is. */
export class RefusedBlock extends Rejection {
  constructor(
    readonly refusal: BlockRefusal,
    readonly target: string,
  ) {
    const [code, text] = TEXTS[refusal];
    super(code, `${target ? `${target} is not blocked` : "nobody is blocked"} (${refusal}): ${text}`);
  }
}
