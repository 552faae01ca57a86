import type { Node, NodeAPI } from "node-red";
import type { KeyRing } from "../../lib/envelope/key-ring.js";
import type { ProfileDescription } from "../../lib/envelope/profile.js";
import { envelopeProfile } from "../../lib/envelope/registry.js";

/** The `redoubt-keyring` config node as its users see it: it has either keys or a problem. */
export interface KeyringNode extends Node {
  ring?: KeyRing;
  /** Why there are no keys, for people. */
  problem?: string;
  /** Reads the keys once more: those of a file may be others than in `ring` by now. @throws {KeyFailure} */
  read(): KeyRing;
}

export interface EnvelopeSetup {
  description: ProfileDescription;
  ring: KeyRing;
}

/**
 * Resolves what an encrypting or decrypting node is configured with.
 *
 * @throws {Error} that says what to mend: no keyring, broken keyring, unknown profile, keys of another family.
 */
export function envelopeSetup(RED: NodeAPI, keyringId: string, profile: string): EnvelopeSetup {
  const description = envelopeProfile(profile);
  const keyring = RED.nodes.getNode(keyringId) as KeyringNode | null;
  if (!keyring) throw new Error("no keyring is chosen, or it is disabled");
  if (!keyring.ring) throw new Error(`keyring "${keyring.name || keyring.id}": ${keyring.problem ?? "no keys"}`);
  const { ring } = keyring;
  if (!description.keyFamilies.includes(ring.family)) {
    throw new Error(
      `profile ${profile} needs ${description.keyFamilies.join(" or ")} keys, the keyring holds ${ring.family} keys`,
    );
  }
  return { description, ring };
}
