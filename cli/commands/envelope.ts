import { Command, InvalidArgumentError } from "commander";
import { MAX_BATCH_LINE_BYTES, openBatchLine, sealBatchLine } from "../../lib/envelope/batch.js";
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
}

type LineHandler = (line: Buffer) => LineResult;

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0)) throw new InvalidArgumentError("a number of seconds, 0 or more");
  return value;
}

function describe(name: string): ProfileDescription {
  try {
    return envelopeProfile(name);
  } catch (error) {
    throw new UsageFailure((error as Error).message);
  }
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
  const topic = options.aad === undefined ? {} : { topic: options.aad };
  return (line) => resultOf(() => sealedResult(profile.seal(line, { now: Date.now(), ...topic })));
}

async function run(handler: LineHandler): Promise<void> {
  await mapLines(process.stdin, process.stdout, MAX_BATCH_LINE_BYTES, (line) => JSON.stringify(handler(line)));
}

function withCommonOptions(command: Command): Command {
  return command
    .requiredOption("--profile <name>", `how messages are wrapped: ${[...envelopeProfiles.keys()].join(", ")}`)
    .option("--key-file <file>", "keys, one per line, the first one encrypts")
    .option("--aad <topic>", "topic that messages are bound to (aes-gcm-json)")
    .option("--json", "output is JSON lines with or without it");
}

/** `redoubt envelope`: the envelopes of the encrypt and decrypt nodes on the command line, line by line. */
export function envelopeCommand(): Command {
  const command = new Command("envelope").description(
    "Encrypts or decrypts standard input, one message per line; exits 0 also when messages are refused",
  );
  withCommonOptions(command.command("encrypt"))
    .description('Seals each line; prints {"ok":true,"message":…}, binary messages in base64')
    .option("--batch", 'each line is {"key","message","now"?,"iv"?,"aad"?}, for conformance suites')
    .action((options: EnvelopeOptions) => {
      const description = describe(options.profile);
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
    .action((options: EnvelopeOptions) => {
      const description = describe(options.profile);
      return run(options.batch ? (line) => openBatchLine(line, description) : opener(description, options));
    });
  return command;
}
