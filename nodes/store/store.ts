import type { Node, NodeAPI } from "node-red";
import type { StoreNode } from "../common/occupancy.js";
import { type StoreConfig, storeSettings } from "./settings.js";

interface StoreCredentials {
  password?: string;
}

export = (RED: NodeAPI): void => {
  RED.nodes.registerType<Node<StoreCredentials> & StoreNode, StoreConfig, object, StoreCredentials>(
    "redoubt-store",
    function (config) {
      RED.nodes.createNode(this, config);
      try {
        this.settings = storeSettings(RED, config, this.credentials?.password);
      } catch (error) {
        this.problem = (error as Error).message;
        this.error(RED._("redoubt-store.errors.unusable", { problem: this.problem }));
      }
    },
    { credentials: { password: { type: "password" } } },
  );
};
