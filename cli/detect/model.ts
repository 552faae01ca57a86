import { existsSync } from "node:fs";
import { join } from "node:path";
import { FlowClassifier } from "../../lib/anomaly/classify/flow-classifier.js";
import type { FlowRecord } from "../../lib/common/network.js";
import { packageRoot } from "../../lib/common/package-root.js";
import { Rejection } from "../../lib/common/rejection.js";
import type { NameFlow } from "../../lib/network/verdict/flow-report.js";
import { CommandFailure } from "../failure.js";

/** The shipped models that name flows, the best first. */
const SHIPPED = ["rt-iot2022-forest.json", "rt-iot2022-tree.json"];

export interface Namer {
  /** Name and revision of the model; undefined without one. */
  source: string | undefined;
  name: NameFlow;
}

/**
 * What names flows.
 *
 * @param file a model file, `none`, or undefined for the one that is shipped.
 * @throws {CommandFailure} for a model that cannot name flows.
 */
export function namerOf(file: string | undefined): Namer {
  const path =
    file ?? SHIPPED.map((name) => join(packageRoot(), "models", name)).find((shipped) => existsSync(shipped));
  if (path === undefined || path === "none") return { source: undefined, name: () => undefined };
  let classifier: FlowClassifier;
  try {
    classifier = FlowClassifier.fromFile(path);
  } catch (error) {
    throw new CommandFailure(`${path}: ${error instanceof Rejection ? error.reason : (error as Error).message}`);
  }
  const name = (flow: FlowRecord) => {
    try {
      return classifier.classify(flow);
    } catch (error) {
      // A figure that the model has no room for is no reason to end; the flow goes without a name.
      if (error instanceof Rejection) return undefined;
      throw error;
    }
  };
  return { source: classifier.source, name };
}
