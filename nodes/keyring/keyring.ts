import type { Node, NodeAPI, NodeDef } from "node-red";
import { resolveIn } from "../../lib/common/home.js";
import { isKeyFamily, KEY_FAMILIES, type KeyFamily } from "../../lib/envelope/key-family.js";
import { loadKeyFile, loadOrCreateKeyFile } from "../../lib/envelope/key-file.js";
import { parseKeyList } from "../../lib/envelope/key-list.js";
import { KeyFailure, type KeyRing } from "../../lib/envelope/key-ring.js";
import { nodeHome } from "../common/home.js";
import type { KeyringNode } from "../common/keyring.js";

interface KeyringConfig extends NodeDef {
  family: string;
  source: string;
  path: string;
  createIfMissing: boolean;
  variable: string;
}

interface KeyringCredentials {
  keys?: string;
}

function fromFile(RED: NodeAPI, config: KeyringConfig, family: KeyFamily, mayCreate: boolean): KeyRing {
  if (!config.path) throw new KeyFailure("no key file is named");
  const path = resolveIn(nodeHome(RED).keys, config.path);
  return mayCreate ? loadOrCreateKeyFile(path, family) : loadKeyFile(path, [family]);
}

function fromEnvironment(variable: string, family: KeyFamily): KeyRing {
  const text = variable ? process.env[variable] : undefined;
  if (!text) throw new KeyFailure(`the environment variable "${variable}" is not set`);
  return parseKeyList(text, [family]);
}

function loadRing(
  RED: NodeAPI,
  config: KeyringConfig,
  credentials: KeyringCredentials | undefined,
  mayCreate: boolean,
): KeyRing {
  const { family } = config;
  if (!isKeyFamily(family)) throw new KeyFailure(`choose what the keys are for: ${KEY_FAMILIES.join(", ")}`);
  switch (config.source) {
    case "file":
      return fromFile(RED, config, family, mayCreate);
    case "env":
      return fromEnvironment(config.variable, family);
    case "credential":
      if (!credentials?.keys) throw new KeyFailure("no key was entered; press Generate or paste one");
      return parseKeyList(credentials.keys, [family]);
    default:
      throw new KeyFailure("choose where the keys come from: file, environment or credential");
  }
}

export = (RED: NodeAPI): void => {
  RED.nodes.registerType<Node<KeyringCredentials> & KeyringNode, KeyringConfig, object, KeyringCredentials>(
    "redoubt-keyring",
    function (config) {
      RED.nodes.createNode(this, config);
      // In a flow that runs, a file that is gone must not become one with other keys.
      this.read = () => loadRing(RED, config, this.credentials, false);
      try {
        this.ring = loadRing(RED, config, this.credentials, config.createIfMissing);
      } catch (error) {
        this.problem = error instanceof Error ? error.message : String(error);
        this.error(RED._("redoubt-keyring.errors.unusable", { problem: this.problem }));
      }
    },
    { credentials: { keys: { type: "password" } } },
  );
};
