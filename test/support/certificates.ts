import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Certificates {
  /** PEM files: the authority, the server's certificate, by default for 127.0.0.1 and localhost, and its key. */
  authority: string;
  certificate: string;
  key: string;
}

/** A certificate authority of our own and a server certificate that it signed, both valid for a day. @param alternatives the names in it. */
export function makeCertificates(
  folder: string,
  name: string,
  alternatives = "IP:127.0.0.1,DNS:localhost",
): Certificates {
  const file = (suffix: string) => join(folder, `${name}-${suffix}`);
  const [authority, authorityKey] = [file("ca.pem"), file("ca.key")];
  const [certificate, key, request, extensions] = [file("cert.pem"), file("key.pem"), file("request"), file("ext")];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "pipe" });
  openssl("req", "-x509", ...curve, "-days", "1", "-subj", `/CN=${name}`, "-keyout", authorityKey, "-out", authority);
  openssl("req", ...curve, "-subj", "/CN=broker", "-keyout", key, "-out", request);
  writeFileSync(extensions, `subjectAltName=${alternatives}\n`);
  const signedBy = ["-CA", authority, "-CAkey", authorityKey, "-CAcreateserial", "-extfile", extensions];
  openssl("x509", "-req", "-in", request, "-days", "1", ...signedBy, "-out", certificate);
  return { authority, certificate, key };
}

/** A client certificate that an authority of {@link makeCertificates} signed. @param name of that authority. */
export function makeClientCertificate(folder: string, name: string, commonName: string): Certificates {
  const [authority, authorityKey] = [join(folder, `${name}-ca.pem`), join(folder, `${name}-ca.key`)];
  const file = (suffix: string) => join(folder, `${name}-${commonName}-${suffix}`);
  const [certificate, key, request] = [file("cert.pem"), file("key.pem"), file("request")];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "pipe" });
  openssl("req", ...curve, "-subj", `/CN=${commonName}`, "-keyout", key, "-out", request);
  const signedBy = ["-CA", authority, "-CAkey", authorityKey, "-CAcreateserial"];
  openssl("x509", "-req", "-in", request, "-days", "1", ...signedBy, "-out", certificate);
  return { authority, certificate, key };
}
