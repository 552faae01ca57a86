import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { labelledData, readCsvFile } from "../../lib/anomaly/training-table.js";
import { packageRoot } from "../../lib/common/package-root.js";
import { Unavailable } from "../harness/suite.js";

/** A table whose anomalies are known. */
export interface DataSet {
  name: string;
  path: string;
  featureNames: string[];
  /** Row after row, one value per feature. */
  values: Float64Array;
  /** 1 for an anomaly, 0 for normal. */
  labels: Uint8Array;
}

const TABLE = /\.csv(\.gz)?$/;

/** Where the data sets are unless told: in the folder of the test data, or where a checkout has them beside it. */
export function defaultFolder(): string {
  return join(process.env.REDOUBT_TEST_DATA ?? join(packageRoot(), "..", "shared", "data"), "odds");
}

/**
 * Reads every CSV file of a folder, in the order of names; each has numeric columns and a column `label`.
 *
 * @throws {Unavailable} where there are none, {Error} naming a file that is not such a table.
 */
export function readDataSets(folder: string): DataSet[] {
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => TABLE.test(name)) : [];
  if (files.length === 0) {
    throw new Unavailable(
      `there are no data sets in ${folder}; name a folder of CSV files, each with a column "label" of 0 and 1 (--data)`,
    );
  }
  return files.sort().map((file) => {
    const path = join(folder, file);
    const { featureNames, values, labels } = labelledData(readCsvFile(path));
    if (!labels) throw new Error(`${path} has no column "label"`);
    return { name: basename(file).replace(TABLE, ""), path, featureNames, values, labels };
  });
}
