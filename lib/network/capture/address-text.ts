const HEX_BYTE = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Six bytes as lower-case text with colons. The caller has made sure that they are there. */
export function macText(bytes: Uint8Array, at: number): string {
  let text = HEX_BYTE[bytes[at] as number] as string;
  for (let i = 1; i < 6; i++) text += `:${HEX_BYTE[bytes[at + i] as number]}`;
  return text;
}

/** Four bytes, the first in the highest bits, as dotted text. */
export function ipv4Text(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;
}

/** Longest run of two or more zero groups, the first one of equals (RFC 5952 4.2). */
function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: -1, length: 1 };
  let start = -1;
  for (let i = 0; i <= 8; i++) {
    if (i < 8 && groups[i] === 0) {
      if (start < 0) start = i;
    } else if (start >= 0) {
      if (i - start > best.length) best = { start, length: i - start };
      start = -1;
    }
  }
  return best;
}

/**
 * Sixteen bytes as canonical text (RFC 5952), the IPv4 part of compatible and mapped addresses dotted, as inet_ntop
 * and Node's `net.SocketAddress` write it. The caller has made sure that the bytes are there.
 */
export function ipv6Text(bytes: Uint8Array, at: number): string {
  const groups = Array.from({ length: 8 }, (_, i) => {
    return ((bytes[at + 2 * i] as number) << 8) | (bytes[at + 2 * i + 1] as number);
  });
  const zeros = longestZeros(groups);
  const isMapped = zeros.start === 0 && zeros.length === 5 && groups[5] === 0xffff;
  if (isMapped || (zeros.start === 0 && zeros.length === 6)) {
    const word = (((groups[6] as number) << 16) | (groups[7] as number)) >>> 0;
    return `${isMapped ? "::ffff:" : "::"}${ipv4Text(word)}`;
  }
  const hex = (part: readonly number[]) => part.map((group) => group.toString(16)).join(":");
  if (zeros.start < 0) return hex(groups);
  return `${hex(groups.slice(0, zeros.start))}::${hex(groups.slice(zeros.start + zeros.length))}`;
}
