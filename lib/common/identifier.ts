const IDENTIFIER = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * Whether a device, group or user name may reach logs, metrics, the ledger, the dashboard or a firewall rule.
 * Deliberately narrow: no white space, slashes, control characters or anything HTML or a shell would interpret.
 */
export function isIdentifier(value: unknown): value is string {
  return typeof value === "string" && IDENTIFIER.test(value) && value !== "__proto__";
}
