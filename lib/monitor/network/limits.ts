/** Everything that the page Network keeps has a cap, whatever addresses the packets carry: about 3 MB in all. */
export const NETWORK_LIMITS = {
  /** Sources with an incident, and others: addresses made up at random push out only each other. */
  alertedSources: 500,
  quietSources: 1500,
  shownSources: 50,
  incidents: 200,
  history: 30,
  labels: 8,
  reasons: 5,
  captures: 8,
  malformedReasons: 30,
  blocked: 200,
  /** The chart: 90 pieces of 10 s. */
  pieces: 90,
  pieceSeconds: 10,
  /** Lengths in UTF-16 units. */
  idLength: 128,
  addressLength: 64,
  labelLength: 64,
  unitLength: 160,
  reasonLength: 300,
  nameLength: 256,
} as const;
