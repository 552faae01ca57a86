/** Whether a part of the gateway can do its work, for `/readyz`. */
export interface Readiness {
  /** e.g. `gateway-in`. */
  part: string;
  ready: boolean;
  /** Why not, for people; no secrets, no payloads. */
  reason?: string;
}

const probes = new Map<string, () => Readiness>();

/** Adds a part, by its node's id; returns how to take it out again. */
export function registerReadiness(nodeId: string, probe: () => Readiness): () => void {
  probes.set(nodeId, probe);
  return () => {
    if (probes.get(nodeId) === probe) probes.delete(nodeId);
  };
}

/** All parts as they are now. */
export function readiness(): Readiness[] {
  return [...probes.values()].map((probe) => probe());
}
