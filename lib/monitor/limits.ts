/**
 * Everything that the monitor keeps has a cap, whatever the senders invent. All places taken, that is 17 MB of points
 * (1,200 sources of 14.4 kB), about 16 MB of reasons if every source is under attack (54 MB with texts of the greatest
 * length and no Latin letters in every place) and 2 MB of names and counts. What was authenticated and what was not
 * have places of their own everywhere: invented names cannot push a device out.
 */
export const LIMITS = {
  /** Authenticated sources that are followed one by one. */
  authenticatedSources: 1000,
  /** Sources without proof that are followed one by one. */
  claimedSources: 200,
  /** Readings kept of each followed source. */
  pointsPerSource: 300,
  /** The last flagged readings of each followed source, whose reasons are kept. */
  flaggedPoints: 30,
  /** Recent alerts in all. */
  alerts: 50,
  /** Of which each side is sure of so many, however many the other one has. */
  alertsPerSide: 25,
  /** Verdicts of one source and type that are no further apart are one alert. */
  coalesceMs: 60_000,
  /** Counters of the ranking, for authenticated sources and for the others each. */
  threatCounters: 256,
  topThreats: 10,
  /** Devices in a snapshot. */
  shownDevices: 200,
  trendMinutes: 60,
  /** Lengths in UTF-16 units and entries, beyond which texts and lists are cut. */
  sourceLength: 64,
  topicLength: 256,
  detectorLength: 32,
  reasonLength: 160,
  reasons: 3,
  /** A verdict's time that is further from the clock than this is somebody else's mistake: the clock's is taken. */
  clockSkewMs: 300_000,
} as const;
