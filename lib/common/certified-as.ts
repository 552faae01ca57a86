import { isIP } from "node:net";
import { type ConnectionOptions, checkServerIdentity } from "node:tls";

/**
 * TLS options by which a server is asked for, and recognised by, a name in place of the address that it is reached at.
 *
 * @param serverName DNS name or IP address of its certificate.
 */
export function certifiedAs(serverName: string): Pick<ConnectionOptions, "servername" | "checkServerIdentity"> {
  return {
    // An address is no name that a client may ask for (RFC 6066, 3).
    ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
    checkServerIdentity: (_, certificate) => checkServerIdentity(serverName, certificate),
  };
}
