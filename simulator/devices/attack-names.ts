/** What attackers do to a gateway. */
export const GATEWAY_ATTACKS = [
  "replay-from-1",
  "duplicate",
  "id-suffix",
  "forged-counter",
  "framing",
  "poisoned-batch",
] as const;

export type GatewayAttackName = (typeof GATEWAY_ATTACKS)[number];

export function isGatewayAttack(value: unknown): value is GatewayAttackName {
  return (GATEWAY_ATTACKS as readonly unknown[]).includes(value);
}
