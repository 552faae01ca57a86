import fc from "fast-check";

/** What JSON.parse lets through, or half through, and a message must not. */
const hostileLeaf = fc.constantFrom(
  "null",
  "true",
  "1e400",
  "-1e400",
  "NaN",
  "Infinity",
  "0",
  "1e-400",
  '""',
  '"\\ud800"',
  '"\ud800"',
  '"<img onerror=x>"',
  "[]",
  "{}",
  "[".repeat(40) + "]".repeat(40),
  `${'{"a":'.repeat(40)}1${"}".repeat(40)}`,
  "",
);

const hostileKey = fc.constantFrom(
  '"__proto__"',
  '"constructor"',
  '"prototype"',
  '"device_id"',
  '"timestamp"',
  '"a"',
  '"a"',
  '"\\u005f_proto__"',
  '"toString"',
  '""',
  "bare",
);

/** Text that is JSON or nearly: hostile keys and values in objects and arrays, to a depth of a few levels. */
export const hostileJson: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { weight: 3, arbitrary: hostileLeaf },
    {
      weight: 2,
      arbitrary: fc
        .array(fc.tuple(hostileKey, tie("value")), { maxLength: 4 })
        .map((members) => `{${members.map(([key, value]) => `${key}:${value}`).join(",")}}`),
    },
    { weight: 1, arbitrary: fc.array(tie("value"), { maxLength: 3 }).map((items) => `[${items.join(",")}]`) },
  ),
})).value;

export interface Edit {
  kind: "flip" | "cut" | "insert" | "splice";
  position: number;
  bytes: Uint8Array;
}

export const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom("flip", "cut", "insert", "splice"),
  position: fc.nat(),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
});

export function applyEdit(message: Buffer, { kind, position, bytes }: Edit): Buffer {
  const at = message.length === 0 ? 0 : position % message.length;
  switch (kind) {
    case "flip": {
      const copy = Buffer.from(message);
      if (copy.length > 0) copy[at]! ^= 1 << ((bytes[0] as number) % 8);
      return copy;
    }
    case "cut":
      return Buffer.concat([message.subarray(0, at), message.subarray(at + bytes.length)]);
    case "insert":
      return Buffer.concat([message.subarray(0, at), bytes, message.subarray(at)]);
    case "splice":
      return Buffer.concat([message.subarray(0, at), bytes, message.subarray(at + bytes.length)]);
  }
}
