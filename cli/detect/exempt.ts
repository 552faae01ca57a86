import { InvalidArgumentError } from "commander";
import { Rejection } from "../../lib/common/rejection.js";
import { type Exemption, ExemptionList } from "../../lib/network/detect/exemptions.js";

const MAC = /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i;
const CLIENT = "client:";

/**
 * Adds an exemption as `--exempt` has it: an address, a network, a MAC or `client:` with an MQTT client id, and after
 * `=` the kinds of alert, all unless given.
 *
 * @throws {InvalidArgumentError} that says what is wrong.
 */
export function exemptFlag(text: string, before: Exemption[]): Exemption[] {
  const at = text.lastIndexOf("=");
  const who = at < 0 ? text : text.slice(0, at);
  const kinds = at < 0 ? {} : { kinds: text.slice(at + 1).split(",") as NonNullable<Exemption["kinds"]> };
  const exemption: Exemption = who.startsWith(CLIENT)
    ? { clientId: who.slice(CLIENT.length), ...kinds }
    : MAC.test(who)
      ? { mac: who, ...kinds }
      : { address: who, ...kinds };
  try {
    new ExemptionList([exemption]);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Rejection ? error.reason.replace("exemptions[0]: ", "") : "");
  }
  return [...before, exemption];
}
