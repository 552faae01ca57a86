// Runs as a process of its own: sends messages to one topic, collects what comes back on another, in a closed loop
// with a bounded number in flight. Talks to its parent over IPC, see `relay-run.ts`.
import { connect, type Socket } from "node:net";
import { connectPacket, PACKET, PacketReader, payloadOf, publishPacket, subscribePacket } from "./mqtt-packets.js";

/** What the parent asks for. */
export type DriverCommand =
  | ({ do: "connect" } & DriverTarget)
  /** Sends one message and waits for any answer, at most so long. */
  | { do: "probe"; message: Uint8Array; waitMs: number }
  /** Sends all of them with at most `inFlight` unanswered and reports the times. */
  | { do: "run"; messages: Uint8Array[]; inFlight: number; segments: number; silenceMs: number };

export interface DriverTarget {
  host: string;
  port: number;
  login?: { username: string; password: string };
  sendTo: string;
  receiveFrom: string;
}

/** What the parent is told. */
export type DriverReport =
  | { type: "connected" }
  | { type: "probed"; isAnswered: boolean }
  /** Seconds that each segment of the run took. */
  | { type: "ran"; segmentSeconds: number[] }
  | { type: "outputs"; outputs: Buffer[] }
  | { type: "failed"; problem: string };

const STRAGGLERS_MS = 300;

let socket: Socket;
let target: DriverTarget;
let onPayload: (payload: Buffer) => void = () => {};
let onAcknowledged: () => void = () => {};

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function report(message: DriverReport): void {
  process.send?.(message);
}

function openConnection(to: DriverTarget): Promise<void> {
  target = to;
  const reader = new PacketReader();
  return new Promise((resolve, reject) => {
    socket = connect(to.port, to.host, () => {
      socket.setNoDelay(true);
      socket.write(connectPacket(`bench-driver-${process.pid}`, to.login));
    });
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("the broker closed the driver's connection")));
    onAcknowledged = resolve;
    socket.on("data", (chunk: Buffer) => {
      socket.cork();
      for (const { type, body } of reader.read(chunk)) {
        if (type === PACKET.PUBLISH) onPayload(payloadOf(body));
        else if (type === PACKET.SUBACK) onAcknowledged();
        else if (type === PACKET.CONNACK) {
          if (body[1] === 0) socket.write(subscribePacket(target.receiveFrom));
          else reject(new Error(`the broker refused the driver (code ${body[1]})`));
        }
      }
      socket.uncork();
    });
  });
}

async function probe(message: Uint8Array, waitMs: number): Promise<boolean> {
  let answers = 0;
  await new Promise<void>((resolve) => {
    onPayload = () => {
      answers++;
      resolve();
    };
    socket.write(publishPacket(target.sendTo, message));
    setTimeout(resolve, waitMs);
  });
  // Those to earlier probes, which came late, may be on their way.
  for (let before = 0; before < answers; ) {
    before = answers;
    await pause(STRAGGLERS_MS);
  }
  return answers > 0;
}

function run({
  messages,
  inFlight,
  segments,
  silenceMs,
}: Extract<DriverCommand, { do: "run" }>): Promise<{ segmentSeconds: number[]; outputs: Buffer[] }> {
  // Made beforehand: the clock must not see the driver's own work where that can be avoided.
  const packets = messages.map((message) => publishPacket(target.sendTo, message));
  const outputs: Buffer[] = [];
  const marks: bigint[] = [];
  const segmentEnds = Array.from({ length: segments }, (_, i) => Math.round(((i + 1) * packets.length) / segments));
  return new Promise((resolve, reject) => {
    let seen = 0;
    const watchdog = setInterval(() => {
      if (outputs.length === seen) {
        clearInterval(watchdog);
        reject(
          new Error(`${outputs.length} of ${packets.length} outputs came, then nothing for ${silenceMs / 1000} s`),
        );
      }
      seen = outputs.length;
    }, silenceMs);
    let sent = 0;
    const sendNext = () => {
      if (sent < packets.length) socket.write(packets[sent++] as Buffer);
    };
    onPayload = (payload) => {
      // A view would keep the whole chunk alive, and chunks are reused by nobody: this copy is the cheaper one.
      outputs.push(Buffer.from(payload));
      if (outputs.length === segmentEnds[marks.length - 1]) marks.push(process.hrtime.bigint());
      sendNext();
      if (outputs.length < packets.length) return;
      clearInterval(watchdog);
      onPayload = () => outputs.push(Buffer.alloc(0));
      resolve({
        segmentSeconds: marks.slice(1).map((mark, i) => Number(mark - (marks[i] as bigint)) / 1e9),
        outputs,
      });
    };
    marks.push(process.hrtime.bigint());
    socket.cork();
    for (let i = 0; i < inFlight; i++) sendNext();
    socket.uncork();
  });
}

async function obey(command: DriverCommand): Promise<void> {
  if (command.do === "connect") {
    await openConnection(command);
    report({ type: "connected" });
  } else if (command.do === "probe") {
    report({ type: "probed", isAnswered: await probe(command.message, command.waitMs) });
  } else {
    const { segmentSeconds, outputs } = await run(command);
    report({ type: "ran", segmentSeconds });
    // One output too many is as wrong as one too few.
    await pause(STRAGGLERS_MS);
    report({ type: "outputs", outputs });
  }
}

process.on("message", (command: DriverCommand) => {
  obey(command).catch((error: Error) => report({ type: "failed", problem: error.message }));
});
process.on("disconnect", () => process.exit(0));
