import type { Node, NodeAPI, NodeDef } from "node-red";
import type { Channel } from "../../lib/notify/channel.js";
import type { Clock } from "../../lib/notify/clock.js";
import type { Notifier } from "../../lib/notify/notifier.js";
import { openChannel } from "../../lib/notify/open-channel.js";
import { notifyPaths, openNotifier } from "../../lib/notify/open-notifier.js";
import { readAlert } from "../../lib/notify/read-alert.js";
import { type NotifyCredentials, readChannelSettings } from "../../lib/notify/read-channel.js";
import { type NotifySettings, readNotifySettings } from "../../lib/notify/settings.js";
import { failClosed } from "../common/fail-closed.js";
import { nodeHome } from "../common/home.js";
import { runStage } from "../common/stage.js";
import { NotifyStatus } from "./notify-status.js";
import { serveTest } from "./test-endpoint.js";
import { packageVersion } from "./version.js";

type NotifyConfig = NodeDef & Record<string, unknown>;

/** The node as the test endpoint sees it. */
export interface NotifyNode extends Node<NotifyCredentials> {
  /** Absent where the settings cannot work. */
  notifier?: Notifier;
}

/** Topic of what leaves on the first, third and fourth output. */
const TOPIC = "redoubt/notify";

/** @param clock the system's, except in tests. */
export function registerNotify(RED: NodeAPI, clock: Clock): void {
  serveTest(RED);

  RED.nodes.registerType<NotifyNode, NotifyConfig, object, NotifyCredentials>(
    "redoubt-notify",
    function (config) {
      RED.nodes.createNode(this, config);
      let settings: NotifySettings;
      let channel: Channel;
      try {
        settings = readNotifySettings(config);
        channel = openChannel(readChannelSettings(config, this.credentials ?? {}, packageVersion()));
        this.notifier = openNotifier(notifyPaths(nodeHome(RED).state, this.id), settings, channel, clock, {
          delivered: (delivery) => this.send([{ topic: TOPIC, payload: delivery }]),
          failed: (delivery) => {
            this.error(RED._("redoubt-notify.errors.failed", { id: delivery.id, reason: delivery.error }));
            this.send([null, null, { topic: TOPIC, payload: delivery }]);
          },
          warn: (text) => this.warn(text),
        });
      } catch (error) {
        const reason = (error as Error).message;
        failClosed(this, RED._("redoubt-notify.status.settings"), RED._("redoubt-notify.errors.settings", { reason }));
        return;
      }

      const { notifier } = this;
      const { minSeverity } = settings;
      const stage = runStage(this, (msg) => {
        const alert = readAlert(msg, minSeverity, clock.now());
        if (alert) notifier.accept(alert);
        return undefined;
      });
      const status = new NotifyStatus(this, RED, stage, notifier, clock, (state) => {
        this.send([null, null, null, { topic: TOPIC, payload: state }]);
      });
      // What is missing is told at deploy, not with the first alert; alerts wait until it is there.
      channel.prepare?.().catch((error: Error) => status.showProblem(error.message));

      this.on("close", (_removed: boolean, done: () => void) => {
        status.stop();
        notifier.close().then(done, (error: Error) => {
          this.error(error.message);
          done();
        });
      });
    },
    {
      credentials: {
        url: { type: "password" },
        user: { type: "text" },
        password: { type: "password" },
        secret: { type: "password" },
        token: { type: "password" },
      },
    },
  );
}
