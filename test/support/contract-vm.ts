import { createLegacyTx } from "@ethereumjs/tx";
import { Address, bytesToHex, hexToBytes } from "@ethereumjs/util";
import { createVM, type VM } from "@ethereumjs/vm";
import { Interface, type InterfaceAbi } from "ethers";

const GAS_LIMIT = 30_000_000n;

/** Account number `i` of a test. */
export function account(i: number): string {
  return `0x${i.toString(16).padStart(40, "0")}`;
}

/** What a call came to. */
export interface Outcome {
  /** Values that it returned. */
  values: unknown[];
  /** Names and values of the events. */
  events: { name: string; values: unknown[] }[];
  /** What a transaction would have paid for: with its base price and data. */
  gas: number;
}

/** The contract's custom error, with its values. */
export class Reverted extends Error {
  constructor(
    readonly error: string,
    readonly values: readonly unknown[],
  ) {
    super(`${error}(${values.map(String).join(", ")})`);
  }
}

/** A contract in an Ethereum machine inside this process, with a clock of its own. */
export class ContractVm {
  readonly abi: Interface;
  /** Seconds. */
  time = 1_800_000_000;
  address = "";
  private constructor(
    private readonly vm: VM,
    abi: InterfaceAbi,
  ) {
    this.abi = new Interface(abi);
  }

  static async create(abi: InterfaceAbi): Promise<ContractVm> {
    return new ContractVm(await createVM(), abi);
  }

  /** @returns gas of the deployment. */
  async deploy(bytecode: string, from: string, ...values: unknown[]): Promise<number> {
    const data = bytecode + this.abi.encodeDeploy(values).slice(2);
    const { createdAddress, gas } = await this.run(from, undefined, data);
    this.address = createdAddress ?? "";
    return gas;
  }

  /** Calls a function; what it changes stays. @throws {Reverted} */
  async call(from: string, name: string, ...values: unknown[]): Promise<Outcome> {
    const data = this.abi.encodeFunctionData(name, values);
    const { returned, logs, gas } = await this.run(from, this.address, data);
    const events = logs.map((log) => {
      const parsed = this.abi.parseLog(log);
      return { name: parsed?.name ?? "", values: [...(parsed?.args ?? [])] as unknown[] };
    });
    return { values: [...this.abi.decodeFunctionResult(name, returned)] as unknown[], events, gas };
  }

  async codeAt(address: string): Promise<string> {
    return bytesToHex(await this.vm.stateManager.getCode(addressOf(address)));
  }

  private async run(from: string, to: string | undefined, data: string) {
    const bytes = hexToBytes(data as `0x${string}`);
    const header = {
      ...{ number: 1n, coinbase: addressOf(account(0)), timestamp: BigInt(this.time), difficulty: 0n },
      ...{ prevRandao: new Uint8Array(32), gasLimit: GAS_LIMIT, baseFeePerGas: 0n },
      getBlobGasPrice: () => undefined,
    };
    const result = await this.vm.evm.runCall({
      ...{ caller: addressOf(from), origin: addressOf(from), data: bytes, gasLimit: GAS_LIMIT, skipBalance: true },
      ...(to === undefined ? {} : { to: addressOf(to) }),
      block: { header },
    });
    // As after a transaction: what was touched is cold again.
    this.vm.evm.journal.cleanJournal();
    const { exceptionError, returnValue, executionGasUsed, logs = [] } = result.execResult;
    const returned = bytesToHex(returnValue);
    if (exceptionError) {
      const error = returnValue.length >= 4 ? this.abi.parseError(returned) : null;
      throw new Reverted(error?.name ?? exceptionError.error, [...(error?.args ?? [])] as unknown[]);
    }
    const intrinsic = createLegacyTx({ data: bytes, ...(to === undefined ? {} : { to: addressOf(to) }) });
    return {
      returned,
      gas: Number(executionGasUsed + intrinsic.getIntrinsicGas()),
      createdAddress: result.createdAddress?.toString(),
      logs: logs.map(([, topics, bytesOfLog]) => ({
        topics: topics.map((topic) => bytesToHex(topic)),
        data: bytesToHex(bytesOfLog),
      })),
    };
  }
}

function addressOf(text: string): Address {
  return new Address(hexToBytes(text as `0x${string}`));
}
