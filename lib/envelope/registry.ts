import { aesEcbCrc } from "./aes-ecb-crc.js";
import { aesGcmJson } from "./aes-gcm-json.js";
import { coseA128Gcm } from "./cose-a128gcm.js";
import { fernet } from "./fernet.js";
import { hmacJson } from "./hmac-json.js";
import type { ProfileDescription } from "./profile.js";

/** Every profile by its name. A device's profile is configured; nothing guesses it from the bytes. */
export const envelopeProfiles: ReadonlyMap<string, ProfileDescription> = new Map(
  [coseA128Gcm, fernet, hmacJson, aesGcmJson, aesEcbCrc].map((description) => [description.name, description]),
);

/** @throws {Error} that names the profiles there are. */
export function envelopeProfile(name: string): ProfileDescription {
  const description = envelopeProfiles.get(name);
  if (description) return description;
  throw new Error(`no envelope profile "${name}"; there are: ${[...envelopeProfiles.keys()].join(", ")}`);
}
