/** Settings of the detectors as plain data, as they travel to the meter's thread. */
export interface DetectorSettings {
  /** Changed thresholds by kind, such as `{"syn-scan": {"count": 30}}`. */
  thresholds?: unknown;
  /** Sources that are not to be reported. */
  exemptions?: unknown;
}
