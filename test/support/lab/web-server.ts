// A small web server as a process of its own: `node web-server.js PORT`.
import { createServer } from "node:http";

const PORT = Number(process.argv[2] ?? 1880);
const PAGE_BYTES = 24_000;
const EVENT_MS = 2000;

const page = `<!doctype html><title>House</title><p>${"All is well. ".repeat(PAGE_BYTES / 13)}</p>`;

createServer((request, response) => {
  request.resume();
  request.once("end", () => {
    if (request.url === "/events") {
      const timer = setInterval(() => response.write("data: 1\n\n"), EVENT_MS);
      response.once("close", () => clearInterval(timer));
    } else if (request.url === "/health") response.end('{"status":"up"}');
    else if (request.url?.startsWith("/api/")) response.writeHead(404).end("{}");
    else response.setHeader("content-type", "text/html").end(page);
  });
}).listen(PORT);
