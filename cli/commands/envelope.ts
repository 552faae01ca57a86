import { Command, InvalidArgumentError } from "commander";
import { MAX_BATCH_LINE_BYTES, openBatchLine, parseCounter, sealBatchLine } from "../../lib/envelope/batch.js";
import { loadKeyFile } from "../../lib/envelope/key-file.js";
import { KeyFailure } from "../../lib/envelope/key-ring.js";
import {
  type LineResult,
  messageFromLine,
  openedResult,
  resultOf,
  sealedResult,
} from "../../lib/envelope/line-result.js";
import type { ProfileDescription } from "../../lib/envelope/profile.js";
import { replayCacheFor } from "../../lib/envelope/receiver.js";
import { envelopeProfile, envelopeProfiles } from "../../lib/envelope/registry.js";
import { CommandFailure, UsageFailure } from "../failure.js";
import { mapLines } from "../lines.js";

interface EnvelopeOptions {
  profile: string;
  keyFile?: string;
  ttl?: number;
  maxSkew?: number;
  aad?: string;
  batch?: boolean;
  allowUnauthenticated?: boolean;
  epoch?: number;
  counter?: bigint;
  bootId?: Buffer;
}

type LineHandler = (line: Buffer) => LineResult;

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0)) throw new InvalidArgumentError("a number of seconds, 0 or more");
  return value;
}

function epochNumber(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError("a whole number from 0");
  return Number(text);
}

function counterNumber(text: string): bigint {
  const counter = parseCounter(text);
  if (counter === undefined) throw new InvalidArgumentError("a whole number from 0");
  return counter;
}

function bootIdBytes(text: string): Buffer {
  if (!/^[0-9a-f]{16}$/i.test(text)) throw new InvalidArgumentError("16 hex digits");
  return Buffer.from(text, "hex");
}

/** The profile that the options name, where it can do what is asked of it. */
function describe(options: EnvelopeOptions, direction: "encrypt" | "decrypt"): ProfileDescription {
  let description: ProfileDescription;
  try {
    description = envelopeProfile(options.profile);
  } catch (error) {
    throw new UsageFailure((error as Error).message);
  }
  const { name, receiveOnly, authenticates, mustBindTopic } = description;
  if (direction === "encrypt" && receiveOnly) throw new UsageFailure(`${name} is for receiving only`);
  if (direction === "decrypt" && authenticates === false && !options.allowUnauthenticated) {
    throw new UsageFailure(`${name} messages prove nothing about their sender; --allow-unauthenticated opens them`);
  }
  if (mustBindTopic && options.aad === undefined && !options.batch) {
    throw new UsageFailure(`${name} messages are bound to their topic: --aad <topic> is needed`);
  }
  return description;
}

function loadKeys(description: ProfileDescription, path: string | undefined): readonly Buffer[] {
  if (!path) throw new UsageFailure("--key-file is needed (except with --batch)");
  try {
    return loadKeyFile(path, description.keyFamilies).all;
  } catch (error) {
    if (error instanceof KeyFailure) throw new CommandFailure(error.message);
    throw error;
  }
}

function opener(description: ProfileDescription, options: EnvelopeOptions): LineHandler {
  const { aad, ttl, maxSkew } = options;
  const times = { ...(ttl === undefined ? {} : { ttl }), ...(maxSkew === undefined ? {} : { maxSkew }) };
  const profile = description.create(loadKeys(description, options.keyFile), times);
  const replayCache = replayCacheFor(times);
  return (line) =>
    resultOf(() => {
      const now = Date.now();
      const opened = profile.open(messageFromLine(line, description), {
        now,
        ...(aad === undefined ? {} : { topic: aad }),
      });
      replayCache.admit(opened.replayId, opened.issuedAt, now);
      return openedResult(opened.plaintext);
    });
}

function sealer(description: ProfileDescription, options: EnvelopeOptions): LineHandler {
  const profile = description.create(loadKeys(description, options.keyFile));
  const { aad, epoch, bootId, counter: first } = options;
  if (bootId && first === undefined) throw new UsageFailure("--boot-id needs --counter");
  let counter = first;
  return (line) =>
    resultOf(() => {
      const numbered = counter === undefined ? {} : { counter: counter++ };
      const context = { now: Date.now(), ...(aad !== undefined && { topic: aad }), ...numbered };
      try {
        return sealedResult(
          profile.seal(line, { ...context, ...(epoch !== undefined && { epoch }), ...(bootId && { bootId }) }),
        );
      } catch (error) {
        if (error instanceof TypeError) throw new UsageFailure(error.message);
        throw error;
      }
    });
}

async function run(handler: LineHandler): Promise<void> {
  await mapLines(process.stdin, process.stdout, MAX_BATCH_LINE_BYTES, (line) => JSON.stringify(handler(line)));
}

function withCommonOptions(command: Command): Command {
  return command
    .requiredOption("--profile <name>", `how messages are wrapped: ${[...envelopeProfiles.keys()].join(", ")}`)
    .option("--key-file <file>", "keys, one per line, the first one encrypts")
    .option("--aad <topic>", "topic that messages are bound to (cose-a128gcm, where it is needed, and aes-gcm-json)")
    .option("--json", "output is JSON lines with or without it");
}

/** `redoubt envelope`: the envelopes of the encrypt and decrypt nodes on the command line, line by line. */
export function envelopeCommand(): Command {
  const command = new Command("envelope").description(
    "Encrypts or decrypts standard input, one message per line; exits 0 also when messages are refused",
  );
  withCommonOptions(command.command("encrypt"))
    .description('Seals each line; prints {"ok":true,"message":…}, binary messages in base64')
    .option("--epoch <number>", "key epoch that messages name (cose-a128gcm; default: 1)", epochNumber)
    .option("--counter <number>", "number of the first message (cose-a128gcm; default: 1)", counterNumber)
    .option(
      "--boot-id <hex>",
      "8 bytes, for conformance: never one number twice under one (default: random)",
      bootIdBytes,
    )
    .option(
      "--batch",
      'each line is {"key","message","now"?,"iv"?,"aad"?,"epoch"?,"counter"?,"bootId"?}, for conformance suites',
    )
    .action((options: EnvelopeOptions) => {
      const description = describe(options, "encrypt");
      return run(options.batch ? (line) => sealBatchLine(line, description) : sealer(description, options));
    });
  withCommonOptions(command.command("decrypt"))
    .description(
      'Opens each line (binary messages in hex or base64); prints {"ok":true,"hex":plaintext,"payload"?:JSON value}' +
        ' or {"ok":false,"code":…,"reason":…}; a message that comes twice is a REPLAY',
    )
    .option("--ttl <seconds>", "age from which a message is STALE (default: 60)", seconds)
    .option("--max-skew <seconds>", "how far ahead a sender's clock may be (default: 60)", seconds)
    .option("--batch", 'each line is {"key","message","now"?,"ttl"?,"aad"?} and stands for itself')
    .option("--allow-unauthenticated", "open profiles that prove nothing about the sender (aes-ecb-crc)")
    .action((options: EnvelopeOptions) => {
      const description = describe(options, "decrypt");
      return run(options.batch ? (line) => openBatchLine(line, description) : opener(description, options));
    });
  return command;
}
