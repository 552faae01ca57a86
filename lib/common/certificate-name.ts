import { X509Certificate } from "node:crypto";

/** In the place of a wildcard: any label is as good. */
const LABEL = "redoubt";

/**
 * A name that a server certificate is valid for: the first DNS name of its subjectAltName, else its first IP address, else
 * the subject's common name (RFC 6125, 6.4.4, as a last resort). For `*.example.org` it is a name below `example.org`.
 *
 * @param pem the certificate, or a chain that begins with it.
 * @throws {Error} for what is no certificate.
 */
export function certificateName(pem: string | Buffer): string | undefined {
  const certificate = new X509Certificate(pem);
  const names = (certificate.subjectAltName ?? "").split(", ");
  const first = (kind: string) => names.find((name) => name.startsWith(kind))?.slice(kind.length);
  const common = /(?:^|\n)CN=(.+)(?:\n|$)/.exec(certificate.subject ?? "")?.[1];
  return (first("DNS:") ?? first("IP Address:") ?? common)?.replace(/^\*\./, `${LABEL}.`);
}
