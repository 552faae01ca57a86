/**
 * How a device's messages are wrapped: an envelope with a key of its own, or not at all. `plain-json` proves
 * nothing about the sender; what comes that way is never counted as authenticated.
 */
export const DEVICE_PROFILES = ["aes-gcm-json", "fernet", "plain-json"] as const;

export type DeviceProfile = (typeof DEVICE_PROFILES)[number];

export function isDeviceProfile(value: unknown): value is DeviceProfile {
  return (DEVICE_PROFILES as readonly unknown[]).includes(value);
}
