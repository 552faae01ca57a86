import { Command } from "commander";
import { deviceIdOf, laneOf } from "../../lib/anchor/identity.js";
import { AnchorOwner, type OwnerReceipt } from "../../lib/anchor/owner.js";
import { isIdentifier } from "../../lib/common/identifier.js";
import { UsageFailure } from "../failure.js";
import { ProgressBar } from "../progress.js";
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

type OwnerFlags = RpcFlags & SignerFlags & { json?: boolean };

const MAX_REASON_BYTES = 31;

async function asOwner<T>(flags: OwnerFlags, work: (owner: AnchorOwner) => Promise<T>): Promise<T> {
  const signer = signerOf(flags);
  return orFail(async () => {
    const owner = await AnchorOwner.connect(flags.rpc, signer);
    try {
      return await work(owner);
    } finally {
      owner.close();
    }
  });
}

function print(result: object, flags: OwnerFlags, line: string): void {
  console.log(flags.json ? JSON.stringify(result) : line);
}

/** `redoubt anchor deploy`: a new contract; the account that signs owns it. */
export function deployCommand(): Command {
  type Flags = OwnerFlags & { interval: number; burst: number };
  return withSigner(withRpc(new Command("deploy").description("put a new anchor contract on a chain")))
    .option("--interval <s>", "seconds in which a device can earn one point", wholeNumber(1, 86_400), 50)
    .option("--burst <n>", "points that can be saved up", wholeNumber(1, 100), 60)
    .option("--json", "one object")
    .action(async (flags: Flags) => {
      const terms = { creditInterval: flags.interval, creditBurst: flags.burst };
      const result = await asOwner(flags, async (owner) => ({
        ...(await owner.deploy(terms)),
        ...{ chainId: owner.chainId, owner: owner.address },
      }));
      const { contract, blockNumber, owner } = result;
      print(result, flags, `contract  ${contract}\nblock     ${blockNumber}\nowner     ${owner}`);
    });
}

/** `redoubt anchor writer`: who may anchor a log. */
export function writerCommand(): Command {
  type Flags = OwnerFlags & LaneFlags & { remove?: boolean };
  return withSigner(withLane(withRpc(new Command("writer").description("let an account anchor a log, as the owner"))))
    .argument("<address>", "the gateway's account")
    .option("--remove", "forbid it instead")
    .option("--json", "one object")
    .action(async (writer: string, flags: Flags) => {
      if (!/^0x[0-9a-f]{40}$/i.test(writer)) throw new UsageFailure(`"${writer}" is no address`);
      const lane = laneOf(flags.origin);
      const isAllowed = !flags.remove;
      const receipt = await asOwner(flags, (owner) => owner.setWriter(flags.contract, lane, writer, isAllowed));
      print(
        { ...receipt, lane, writer, isAllowed },
        flags,
        `${writer} ${isAllowed ? "may" : "may not"} anchor ${lane}`,
      );
    });
}

/** `redoubt anchor device`: registers devices, or restores them. */
export function deviceCommand(): Command {
  type Flags = OwnerFlags & LaneFlags & { trust: number; reason: string };
  return withSigner(
    withLane(withRpc(new Command("device").description("register devices of a log, or restore them, as the owner"))),
  )
    .argument("<names...>", "names of devices, as in the log")
    .option("--trust <n>", "trust from here on", wholeNumber(0, 100), 100)
    .option("--reason <text>", "why, public for ever: no names of people", "registered")
    .option("--json", "one object per device")
    .action(async (names: string[], flags: Flags) => {
      const wrong = names.find((name) => !isIdentifier(name));
      if (wrong !== undefined) throw new UsageFailure(`"${wrong}" is no name of a device`);
      if (Buffer.byteLength(flags.reason) > MAX_REASON_BYTES) {
        throw new UsageFailure(`--reason has more than ${MAX_REASON_BYTES} bytes`);
      }
      const lane = laneOf(flags.origin);
      const bar = new ProgressBar("devices", names.length);
      await asOwner(flags, async (owner) => {
        for (const [i, name] of names.entries()) {
          const device = deviceIdOf(lane, name);
          const receipt: OwnerReceipt = await owner.setDevice(flags.contract, device, lane, flags.trust, flags.reason);
          print({ ...receipt, name, device, trust: flags.trust }, flags, `${name}  ${device}  ${flags.trust}`);
          bar.update(i + 1);
        }
      });
      bar.finish();
    });
}
