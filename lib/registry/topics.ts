const MAX_TOPIC_BYTES = 256;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a topic must not hold
const FORBIDDEN = /[+#\u0000-\u001f\u007f-\u009f\ufffd-\uffff]|[\ud800-\udfff]/u;

/** Topic of a device that has none of its own. */
export function topicOf(id: string): string {
  return `iot/devices/${id}/data`;
}

/** Whether a value can be the exact topic of a device: a publishable MQTT topic (MQTT 3.1.1 section 4.7), not long. */
export function isDeviceTopic(value: unknown): value is string {
  return (
    typeof value === "string" &&
    value.length > 0 &&
    Buffer.byteLength(value) <= MAX_TOPIC_BYTES &&
    !FORBIDDEN.test(value)
  );
}
