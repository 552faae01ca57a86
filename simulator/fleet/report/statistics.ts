/** Nearest-rank percentile of unsorted values; null of none. */
export function percentile(values: readonly number[], percent: number): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] as number;
}

export interface DelaySummary {
  count: number;
  medianMs: number | null;
  p99Ms: number | null;
}

export function summariseDelays(values: readonly number[]): DelaySummary {
  return { count: values.length, medianMs: percentile(values, 50), p99Ms: percentile(values, 99) };
}

/** part / whole; null of nothing. */
export function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
