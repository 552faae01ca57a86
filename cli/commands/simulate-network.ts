import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "commander";
import { makeCapture, PIECE_SECONDS } from "../../simulator/network/made-piece.js";
import { PieceWriter } from "../../simulator/network/piece-writer.js";
import { UsageFailure } from "../failure.js";
import { launchOptions } from "../launch/options.js";
import { untilStopped } from "../launch/until-stopped.js";
import { orFail, within } from "../simulate/arguments.js";

interface NetworkFlags {
  out?: string;
  duration?: number;
  folder?: string;
  seed: number;
  attacks: boolean;
}

const DURATION_S = 120;

async function writePieces({ folder, seed, attacks }: NetworkFlags): Promise<void> {
  const target = folder ?? join(launchOptions("open").home.root, "captures");
  const writer = new PieceWriter({ folder: target, seed, seconds: PIECE_SECONDS, attacks });
  await untilStopped({
    failed: writer.failure.catch((error: Error) => error.message),
    stop: async () => writer.stop(),
    announce: () =>
      console.log(`A capture of ${PIECE_SECONDS} s appears in ${target} every ${PIECE_SECONDS} s. Ctrl-C ends it.`),
  });
}

/** `redoubt simulate network`: captures of an invented house, for trying the meter and the page Network. */
export function simulateNetworkCommand(): Command {
  return new Command("network")
    .description("captures of an invented house with a scan and a guesser of passwords; no packet is sent")
    .option("--out <file>", "write one capture instead of a new one every 5 s")
    .option("--duration <s>", `with --out: seconds of the capture (default: ${DURATION_S})`, within(5, 86_400, false))
    .option("--folder <folder>", "where captures appear (default: captures of the home)")
    .addOption(new Option("--seed <n>", "of the traffic").argParser(within(0, 2 ** 31, true)).default(1))
    .option("--no-attacks", "ordinary traffic alone")
    .action(async (flags: NetworkFlags) => {
      const { out, seed, attacks, duration: seconds = DURATION_S } = flags;
      if (out === undefined) {
        if (flags.duration !== undefined) throw new UsageFailure("--duration needs --out");
        await orFail(() => writePieces(flags));
        return;
      }
      if (flags.folder !== undefined) throw new UsageFailure("--out and --folder do not go together");
      await orFail(() =>
        writeFileSync(out, makeCapture({ seed, attacks, seconds, start: Date.now() / 1000 - seconds })),
      );
    });
}
