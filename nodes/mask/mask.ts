import type { NodeAPI } from "node-red";
import { systemClock } from "../../lib/privacy/release-timer.js";
import { registerMask } from "./register.js";

export = (RED: NodeAPI): void => registerMask(RED, systemClock);
