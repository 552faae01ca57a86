import { realpathSync, statSync } from "node:fs";
import { resolve, sep } from "node:path";
import { Rejection } from "../../common/rejection.js";

/**
 * The capture file that a message names, if it lies in the folder for them; links are followed first.
 *
 * @param path absolute, or relative to the folder.
 * @throws {Rejection} FORMAT, in the same words for a file that is missing and one that is elsewhere: who may send
 * messages need not learn what other files there are.
 */
export function capturePath(folder: string, path: string): string {
  const refuse = () => new Rejection("FORMAT", "there is no such capture file in the node's folder");
  if (path.includes("\0")) throw refuse();
  let root: string;
  let file: string;
  try {
    root = realpathSync(folder);
    file = realpathSync(resolve(root, path));
  } catch {
    throw refuse();
  }
  if (!file.startsWith(root.endsWith(sep) ? root : root + sep) || !statSync(file).isFile()) throw refuse();
  return file;
}
