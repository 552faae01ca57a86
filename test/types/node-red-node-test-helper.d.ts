declare module "node-red-node-test-helper" {
  import type { Node, NodeAPI } from "node-red";

  type NodeModule = (RED: NodeAPI) => void;

  interface AdminAnswer {
    status: number;
    text: string;
    /** Of an answer in JSON. */
    body: Record<string, unknown>;
  }

  /** What of supertest's requests is used; it is sent when it is awaited. */
  interface AdminRequest extends PromiseLike<AdminAnswer> {
    set(header: string, value: string): AdminRequest;
    send(body: object | string): AdminRequest;
    expect(status: number): AdminRequest;
  }

  interface TestHelper {
    /** Asks the admin side, where nodes serve their editors. */
    request(): Record<"get" | "put" | "post", (path: string) => AdminRequest>;
    init(runtimePath: string, userSettings?: Record<string, unknown>): void;
    settings(userSettings?: Record<string, unknown>): Record<string, unknown>;
    load(nodes: NodeModule | NodeModule[], flow: unknown[], credentials?: Record<string, unknown>): Promise<void>;
    unload(): Promise<void>;
    /** Typed as the plain node; cast where a node has methods of its own. */
    getNode(id: string): Node;
    clearFlows(): Promise<void>;
    startServer(): Promise<void>;
    stopServer(): Promise<void>;
    url(): string;
    /** sinon spy of the runtime's log: each call's first argument is `{level, id, type, msg}`. */
    log(): { args: [{ level: number; id?: string; type?: string; msg: unknown }][] };
  }

  const helper: TestHelper;
  export default helper;
}
