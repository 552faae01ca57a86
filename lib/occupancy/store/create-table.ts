import { isStoreFailure } from "../failure.js";
import type { StoreDriver } from "./driver.js";

/** Makes a table unless there is one. PostgreSQL refuses one of two that make it at the same moment, `IF NOT EXISTS` or not. */
export async function createTable(driver: StoreDriver, sql: string): Promise<void> {
  try {
    await driver.exec(sql);
  } catch (error) {
    if (!isStoreFailure(error, "LABEL_TAKEN")) throw error;
    await driver.exec(sql);
  }
}
