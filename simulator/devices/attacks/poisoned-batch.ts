import { createHash, randomBytes } from "node:crypto";
import type { JsonObject } from "../../../lib/common/json.js";
import { makeBatch } from "../../../lib/spool/batch.js";
import { httpExchange } from "../../common/http-exchange.js";
import type { BatchTarget, GatewayAttack, GatewayAttackContext } from "./context.js";
import { inventedReading } from "./forgeries.js";

const TIMEOUT_MS = 10_000;
const RECORDS = 5;
const SERVER_ERROR = 500;

interface Poison {
  body: Buffer | string;
  authorization?: string;
}

function forgedRecord(id: string, counter: number, context: GatewayAttackContext): JsonObject {
  return {
    device_id: id,
    epoch: 1,
    counter,
    record_id: randomBytes(8).toString("hex"),
    authenticated: true,
    profile: "cose-a128gcm",
    received_at: Date.now(),
    payload: inventedReading(id, counter, context.random),
    is_attack: false,
  };
}

function wellFormed(context: GatewayAttackContext, { gatewayId }: BatchTarget, first: number): Buffer {
  const records = Array.from({ length: RECORDS }, (_, i) => {
    const id = context.victims[i % context.victims.length]?.id ?? "victim";
    return Buffer.from(JSON.stringify(forgedRecord(id, 2e9 + first + i, context)));
  });
  const spool = randomBytes(8).toString("hex");
  return makeBatch({ gatewayId, spool, first, last: first + RECORDS - 1, at: Date.now(), records }).body;
}

/** Every way in which a batch is not what a gateway has sent. */
function poisons(context: GatewayAttackContext, target: BatchTarget, round: number): Poison[] {
  const body = wellFormed(context, target, 1 + round * RECORDS);
  const strangers = randomBytes(24).toString("base64url");
  const list: Poison[] = [
    { body },
    { body, authorization: "Bearer " },
    { body, authorization: `Bearer ${strangers}` },
    { body, authorization: `Basic ${Buffer.from(`${target.gatewayId}:${strangers}`).toString("base64")}` },
  ];
  const { token } = target;
  if (token === undefined) return list;
  const authorization = `Bearer ${token}`;
  const text = body.toString();
  const otherHash = createHash("sha256").update(strangers).digest("hex");
  list.push(
    { authorization, body: text.replace(/"batch_hash":"[0-9a-f]{64}"/, `"batch_hash":"${otherHash}"`) },
    { authorization, body: text.replace('"is_attack":false', '"is_attack":0') },
    // The same value in other bytes: the hash is over bytes.
    { authorization, body: text.replace('"logs":[', '"logs":[ ') },
    { authorization, body: text.replace(`"batch_size":${RECORDS}`, `"batch_size":${RECORDS - 1}`) },
    { authorization, body: text.replace(target.gatewayId, "another-gateway") },
    // Two lists of records under one hash: which one counts?
    { authorization, body: `${text.slice(0, -1)},"logs":[]}` },
    { authorization, body: text.slice(0, -2) },
    { authorization, body: "[]" },
  );
  return list;
}

/** Posts batches of forged records to the central server, past the gateway: without its token, and with a wrong hash. */
export const poisonedBatch: GatewayAttack = async (context) => {
  const { server, attacker } = context;
  if (!server) return { note: "no server to attack (--server)" };
  let requests = 0;
  let accepted = 0;
  let broken = 0;
  while (requests < context.messages && !attacker.isStopped) {
    for (const { body, authorization } of poisons(context, server, requests)) {
      const { status } = await httpExchange(server.url, {
        method: "POST",
        headers: { "content-type": "application/json", ...(authorization ? { authorization } : {}) },
        body,
        timeoutMs: TIMEOUT_MS,
        ...(server.own && { own: server.own }),
      });
      requests++;
      if (status >= 200 && status < 300) accepted++;
      if (status >= SERVER_ERROR) broken++;
    }
  }
  const note = [
    server.token === undefined ? "without a gateway's token (--token-file)" : "",
    broken > 0 ? `${broken} answers were errors of the server` : "",
  ].filter(Boolean);
  return { requests, accepted, ...(note.length > 0 ? { note: note.join("; ") } : {}) };
};
