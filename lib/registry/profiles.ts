/**
 * How a device's messages are wrapped: an envelope with a key of its own, or not at all. `plain-json` and
 * `aes-ecb-crc` prove nothing about the sender; what comes that way is never counted as authenticated.
 */
export const DEVICE_PROFILES = [
  "cose-a128gcm",
  "hmac-json",
  "aes-gcm-json",
  "fernet",
  "aes-ecb-crc",
  "plain-json",
] as const;

export type DeviceProfile = (typeof DEVICE_PROFILES)[number];

export function isDeviceProfile(value: unknown): value is DeviceProfile {
  return (DEVICE_PROFILES as readonly unknown[]).includes(value);
}

/** The profile of new devices. */
export const DEFAULT_DEVICE_PROFILE: DeviceProfile = "cose-a128gcm";
