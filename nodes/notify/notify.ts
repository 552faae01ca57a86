import type { NodeAPI } from "node-red";
import { systemClock } from "../../lib/notify/clock.js";
import { registerNotify } from "./register.js";

export = (RED: NodeAPI): void => registerNotify(RED, systemClock);
