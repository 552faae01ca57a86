/**
 * Reads what an open dashboard sends to its pages, by socket.io's polling (Engine.IO protocol 4), until a message
 * matches.
 *
 * @returns the match.
 */
export async function untilDashboardSends(
  origin: string,
  pattern: RegExp,
  timeoutMs = 90_000,
): Promise<RegExpExecArray> {
  const signal = AbortSignal.timeout(timeoutMs);
  const poll = `${origin}/ui/socket.io/?EIO=4&transport=polling`;
  const opened = await (await fetch(poll, { signal })).text();
  const session = `${poll}&sid=${/"sid":"([^"]+)"/.exec(opened)?.[1]}`;
  const post = (body: string) => fetch(session, { method: "POST", body, signal });
  await post("40");
  for (;;) {
    const packets = await (await fetch(session, { signal })).text();
    const match = pattern.exec(packets);
    if (match) return match;
    // The server asks from time to time whether we are still there.
    if (packets.split("\u001e").includes("2")) await post("3");
  }
}
