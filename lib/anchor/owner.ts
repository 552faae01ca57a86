import { anchorArtifact } from "./artifact.js";
import type { CreditTerms } from "./bounds.js";
import { refuseKnownAccount } from "./known-accounts.js";
import type { JsonRpcProvider } from "./load-ethers.js";
import { type Ethers, loadEthers } from "./load-ethers.js";
import { connectProvider } from "./provider.js";
import { openSigner, type SignerSettings } from "./signer.js";
import { Transactor } from "./transactor.js";

/** What an owner's transaction came to. */
export interface OwnerReceipt {
  transaction: string;
  blockNumber: number;
  gasUsed: number;
}

const WAIT_MS = 300_000;

/** Acts as the owner of the contract: from a person's machine, never from a gateway. */
export class AnchorOwner {
  private constructor(
    private readonly ethers: Ethers,
    private readonly transactor: Transactor,
  ) {}

  /** @throws {Error} that says what to mend. */
  static async connect(rpcUrl: string, signer: SignerSettings): Promise<AnchorOwner> {
    const ethers = await loadEthers();
    const { provider, chainId } = await connectProvider(ethers, rpcUrl);
    return AnchorOwner.on(ethers, provider, chainId, signer);
  }

  private static async on(ethers: Ethers, provider: JsonRpcProvider, chainId: number, settings: SignerSettings) {
    try {
      const signer = await openSigner(ethers, provider, settings);
      refuseKnownAccount(ethers, signer.address, chainId);
      return new AnchorOwner(ethers, new Transactor(provider, signer, chainId));
    } catch (error) {
      provider.destroy();
      throw error;
    }
  }

  get address(): string {
    return this.transactor.signer.address;
  }

  get chainId(): number {
    return this.transactor.chainId;
  }

  /** @returns with the address of the new contract, which this account owns. */
  async deploy({ creditInterval, creditBurst }: CreditTerms): Promise<OwnerReceipt & { contract: string }> {
    const { abi, bytecode } = anchorArtifact();
    const factory = new this.ethers.ContractFactory(abi, bytecode);
    const { data } = await factory.getDeployTransaction(creditInterval, creditBurst);
    const receipt = await this.mined({ data });
    return { ...receipt, contract: receipt.contract as string };
  }

  /** Lets an account write a lane, or forbids it. */
  setWriter(contract: string, lane: string, writer: string, isAllowed: boolean): Promise<OwnerReceipt> {
    return this.call(contract, "setWriter", lane, writer, isAllowed);
  }

  /**
   * Registers a device, or restores one.
   *
   * @param id see {@link deviceIdOf}.
   * @param reason up to 31 bytes of text, public for ever.
   */
  setDevice(contract: string, id: string, lane: string, trust: number, reason: string): Promise<OwnerReceipt> {
    return this.call(contract, "setDevice", id, lane, trust, this.ethers.encodeBytes32String(reason));
  }

  close(): void {
    this.transactor.close();
  }

  private call(contract: string, name: string, ...values: unknown[]): Promise<OwnerReceipt> {
    const data = new this.ethers.Interface(anchorArtifact().abi).encodeFunctionData(name, values);
    return this.mined({ to: contract, data });
  }

  private async mined(call: { to?: string; data: string }): Promise<OwnerReceipt & { contract: string | null }> {
    const receipt = await this.transactor.send(call, WAIT_MS);
    if (!receipt) throw new Error("the transaction was sent, and is in no block after 5 minutes");
    if (receipt.status !== 1) throw new Error(`the contract refused it (transaction ${receipt.hash})`);
    return {
      transaction: receipt.hash,
      blockNumber: receipt.blockNumber,
      gasUsed: Number(receipt.gasUsed),
      contract: receipt.contractAddress,
    };
  }
}
