import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { certificateName } from "../../lib/common/certificate-name.js";

/**
 * By what a program on this machine recognises the server that it reaches under an address of this machine: the
 * certificate itself, and a name that it has.
 *
 * @param path PEM file, as the environment names it.
 * @throws {Error} that names the file.
 */
export function ownCertificate(path: string): { file: string; name: string } {
  const file = resolve(path);
  let name: string | undefined;
  try {
    name = certificateName(readFileSync(file));
  } catch (error) {
    throw new Error(`REDOUBT_TLS_CERT: ${file} is no certificate that can be read: ${(error as Error).message}`);
  }
  if (!name) throw new Error(`REDOUBT_TLS_CERT: the certificate in ${file} has no name`);
  return { file, name };
}
