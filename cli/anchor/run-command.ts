import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "commander";
import { AnchorLoop } from "../../lib/anchor/anchor-loop.js";
import { Anchorer } from "../../lib/anchor/anchorer.js";
import { BLOCK_TAGS, type BlockTag } from "../../lib/anchor/chain-reader.js";
import { laneOf } from "../../lib/anchor/identity.js";
import { homeAt } from "../../lib/common/home.js";
import type { AnchorRecord } from "../../lib/common/ledger-receipt.js";
import { Ledger } from "../../lib/ledger/ledger.js";
import { trustLogic } from "../../lib/trust/logic.js";
import { CommandFailure } from "../failure.js";
import { untilStopped } from "../launch/until-stopped.js";
import {
  type LaneFlags,
  orFail,
  type RpcFlags,
  type SignerFlags,
  signerOf,
  wholeNumber,
  withLane,
  withRpc,
  withSigner,
} from "./options.js";

type Flags = RpcFlags &
  LaneFlags &
  SignerFlags & {
    ledger?: string;
    key?: string;
    interval: number;
    confirmAt: BlockTag;
    firstBlock: number;
    once?: boolean;
    json?: boolean;
  };

function openLedger(flags: Flags): Ledger {
  const home = homeAt(process.env.REDOUBT_HOME, process.cwd());
  const path = flags.ledger ?? join(home.state, "ledger.db");
  const keyPath = flags.key ?? join(home.keys, "ledger.pem");
  // Opening would make a new one.
  if (!existsSync(path)) throw new CommandFailure(`${path}: there is no ledger; name it with --ledger`);
  return Ledger.open({ path, keyPath, origin: flags.origin, trust: trustLogic });
}

function say(record: AnchorRecord, json: boolean | undefined): void {
  const { size, blockNumber, transaction } = record;
  console.log(json ? JSON.stringify(record) : `${size} entries anchored in block ${blockNumber}, ${transaction}`);
}

async function run(flags: Flags): Promise<void> {
  const signer = signerOf(flags);
  const ledger = await orFail(async () => openLedger(flags));
  const note = (line: string) => console.error(line);
  const anchorer = new Anchorer(ledger, {
    ...{ rpcUrl: flags.rpc, contract: flags.contract, signer, lane: laneOf(flags.origin) },
    ...{ confirmAt: flags.confirmAt, firstBlock: flags.firstBlock },
    onAnchored: (record) => say(record, flags.json),
    onCut: (cuts) => {
      for (const { device, wanted, given } of cuts) {
        note(
          `${device}: trust ${wanted} by the log; the chain ${given === null ? "does not know it" : `takes ${given}`}`,
        );
      }
    },
  });
  try {
    if (flags.once) {
      for (let done = false; !done; ) {
        const { logSize, chainSize } = await orFail(() => anchorer.step());
        done = logSize === chainSize;
      }
      return;
    }
    const loop = new AnchorLoop(anchorer, {
      intervalMs: flags.interval * 1000,
      // The gateway writes to the same file.
      beforeStep: () => ledger.refresh(),
      onProblem: note,
    });
    await untilStopped({
      stop: () => loop.close(),
      announce: () => note(`Anchoring ${flags.origin} every ${flags.interval} s. Ctrl-C ends it.`),
    });
  } finally {
    anchorer.close();
    ledger.close();
  }
}

/** `redoubt anchor run`: anchors a log that another program writes. */
export function runCommand(): Command {
  return withSigner(
    withLane(withRpc(new Command("run").description("anchor a log until stopped, where no anchor node does"))),
  )
    .option("--ledger <file>", "database (default: state/ledger.db of the home)")
    .option("--key <file>", "the log's private key (default: keys/ledger.pem of the home)")
    .option("--interval <s>", "seconds between anchors", wholeNumber(1, 86_400), 60)
    .addOption(new Option("--confirm-at <block>", "what counts as anchored").choices(BLOCK_TAGS).default("latest"))
    .option(
      "--first-block <n>",
      "the contract's block, as deploy prints it",
      wholeNumber(0, Number.MAX_SAFE_INTEGER),
      0,
    )
    .option("--once", "anchor what is missing, then end")
    .option("--json", "one object per anchor")
    .action(run);
}
