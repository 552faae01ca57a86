import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import bcrypt from "bcryptjs";
import { createDashboardGuard, type DashboardGuard, type GuardedSocket } from "../../../lib/access/dashboard-guard.js";

const PASSWORD = "correct horse";
const hash = bcrypt.hashSync(PASSWORD, 4);
const logins = new Map([
  ["operator", { password: hash, role: "operator" as const }],
  ["viewer", { password: hash, role: "viewer" as const }],
]);

function serve(guard: DashboardGuard): Promise<{ server: Server; origin: string }> {
  const server = createServer((req, res) => guard.middleware(req, res, () => res.end("dashboard")));
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve({ server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    });
  });
}

function signIn(origin: string, user: string, password: string): Promise<Response> {
  return fetch(`${origin}/ui`, { method: "POST", redirect: "manual", body: new URLSearchParams({ user, password }) });
}

class FakeSocket implements GuardedSocket {
  readonly sent: unknown[][] = [];
  readonly passed: unknown[][] = [];
  private filter: (event: unknown[], next: (error?: Error) => void) => void = (_event, next) => next();
  constructor(readonly handshake: GuardedSocket["handshake"]) {}
  emit(event: string, ...values: unknown[]): boolean {
    this.sent.push([event, ...values]);
    return true;
  }
  use(filter: (event: unknown[], next: (error?: Error) => void) => void): void {
    this.filter = filter;
  }
  receive(event: unknown[]): void {
    this.filter(event, () => this.passed.push(event));
  }
}

function connect(
  guard: DashboardGuard,
  headers: Record<string, string>,
): { socket: FakeSocket; error?: Error | undefined } {
  const socket = new FakeSocket({ headers, address: "127.0.0.1" });
  let error: Error | undefined;
  guard.ioMiddleware(socket, (failure) => {
    error = failure;
  });
  return { socket, error };
}

describe("dashboard guard", () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  it("shows a form without a session, opens one for the right password and none for a wrong one", async () => {
    const guard = createDashboardGuard({ loginRequired: true, logins });
    const started = await serve(guard);
    server = started.server;
    const anonymous = await fetch(`${started.origin}/ui`);
    assert.equal(anonymous.status, 401);
    assert.match(await anonymous.text(), /<form method="post" action="\/ui">/);
    assert.equal((await signIn(started.origin, "operator", "wrong")).status, 401);

    const answer = await signIn(started.origin, "operator", PASSWORD);
    assert.equal(answer.status, 303);
    const cookie = answer.headers.get("set-cookie") ?? "";
    assert.match(cookie, /HttpOnly; SameSite=Strict/);
    const page = await fetch(`${started.origin}/ui`, { headers: { cookie: cookie.split(";")[0] ?? "" } });
    assert.equal(await page.text(), "dashboard");
  });

  it("knows sessions and HTTP Basic on other pages of the server, and limits guessing there as well", async () => {
    const guard = createDashboardGuard({ loginRequired: true, logins, now: () => 1_000_000 });
    const started = await serve(guard);
    server = started.server;
    const answer = await signIn(started.origin, "viewer", PASSWORD);
    const identify = (headers: Record<string, string>) =>
      guard.identify({ headers, socket: { remoteAddress: "192.0.2.7" } } as unknown as IncomingMessage);
    const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString("base64")}` });
    assert.equal(await identify({ cookie: answer.headers.get("set-cookie")?.split(";")[0] ?? "" }), "viewer");
    assert.equal(await identify(basic(`operator:${PASSWORD}`)), "operator");
    const wrong = [{}, { cookie: "redoubt_session=x" }, basic("operator"), { authorization: "Bearer x" }];
    for (const headers of wrong) assert.equal(await identify(headers as Record<string, string>), undefined);
    for (let i = 0; i < 10; i++) assert.equal(await identify(basic(`operator:guess ${i}`)), undefined);
    assert.equal(await identify(basic(`operator:${PASSWORD}`)), undefined);
    const open = createDashboardGuard({ loginRequired: false, logins: new Map() });
    const nobody = { headers: {}, socket: { remoteAddress: "192.0.2.7" } } as unknown as IncomingMessage;
    assert.equal(await open.identify(nobody), undefined, "an open dashboard proves nobody");
  });

  it("does not reflect a hostile path into the form", async () => {
    const started = await serve(createDashboardGuard({ loginRequired: true, logins }));
    server = started.server;
    const page = await (await fetch(`${started.origin}/ui/%22%3E%3Cscript%3E`)).text();
    assert.doesNotMatch(page, /<script|%22/);
  });

  it("stops answering guesses after ten failures in a minute", async () => {
    let now = 1_000_000;
    const started = await serve(createDashboardGuard({ loginRequired: true, logins, now: () => now }));
    server = started.server;
    for (let i = 0; i < 10; i++) assert.equal((await signIn(started.origin, "operator", "wrong")).status, 401);
    assert.equal((await signIn(started.origin, "operator", PASSWORD)).status, 429);
    now += 61_000;
    assert.equal((await signIn(started.origin, "operator", PASSWORD)).status, 303);
  });

  it("keeps the websocket closed without a session and to other origins", async () => {
    const guard = createDashboardGuard({ loginRequired: true, logins });
    const started = await serve(guard);
    server = started.server;
    const host = new URL(started.origin).host;
    assert.match(String(connect(guard, { host }).error), /unauthorised/);
    const cookie = (await signIn(started.origin, "operator", PASSWORD)).headers.get("set-cookie")?.split(";")[0] ?? "";
    assert.equal(connect(guard, { host, cookie }).error, undefined);
    assert.match(String(connect(guard, { host, cookie, origin: "http://evil.example" }).error), /unauthorised/);
  });

  it("lets a viewer look but neither see raw values nor act", async () => {
    const guard = createDashboardGuard({ loginRequired: true, logins });
    const started = await serve(guard);
    server = started.server;
    const host = new URL(started.origin).host;
    const cookie = (await signIn(started.origin, "viewer", PASSWORD)).headers.get("set-cookie")?.split(";")[0] ?? "";
    assert.equal((await fetch(`${started.origin}/ui/_debug/datastore/x`, { headers: { cookie } })).status, 403);

    const { socket, error } = connect(guard, { host, cookie });
    assert.equal(error, undefined);
    const raw = { payload: 31.5, audience: "operator" };
    const masked = { payload: 25.1 };
    socket.emit("msg-input:chart", raw);
    socket.emit("msg-input:chart", masked);
    socket.emit("widget-load:chart", [raw, masked, raw]);
    assert.deepEqual(socket.sent, [
      ["msg-input:chart", masked],
      ["widget-load:chart", [masked]],
    ]);
    socket.receive(["widget-action", "button"]);
    socket.receive(["widget-load", "chart"]);
    assert.deepEqual(socket.passed, [["widget-load", "chart"]]);
  });

  it("answers only to localhost's names when open, so that no web page can reach it by DNS rebinding", async () => {
    const guard = createDashboardGuard({ loginRequired: false, logins: new Map() });
    const started = await serve(guard);
    server = started.server;
    assert.equal((await fetch(`${started.origin}/ui`)).status, 200);
    assert.equal(connect(guard, { host: "127.0.0.1:1880" }).error, undefined);
    assert.match(String(connect(guard, { host: "rebound.example:1880" }).error), /unauthorised/);
    assert.match(
      String(connect(guard, { host: "127.0.0.1:1880", origin: "http://evil.example" }).error),
      /unauthorised/,
    );
  });
});
