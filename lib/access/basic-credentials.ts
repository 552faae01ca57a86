export interface BasicCredentials {
  user: string;
  password: string;
}

const MAX_HEADER = 1024;

/** User and password of an `Authorization: Basic` header (RFC 7617); undefined for anything else. */
export function basicCredentials(header: string | undefined): BasicCredentials | undefined {
  const encoded =
    header !== undefined && header.length <= MAX_HEADER ? /^Basic +([A-Za-z0-9+/=]+)$/i.exec(header) : null;
  if (!encoded?.[1]) return undefined;
  const text = Buffer.from(encoded[1], "base64").toString();
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
