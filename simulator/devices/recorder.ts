/** A message as it was on the network. */
export interface Recording {
  topic: string;
  bytes: Buffer;
}

/** Messages that are kept of each topic, from the first one on, and as many of the latest ones. */
const MOST = 500;

interface Tape {
  first: Recording[];
  latest: Recording[];
}

/** What an eavesdropper has recorded of each device, in order. */
export class Recorder {
  /** To be off while the attacker sends: it hears itself. */
  isRecording = true;
  private readonly tapes = new Map<string, Tape>();
  /** Called with each message as it is heard. */
  onHeard: ((recording: Recording) => void) | undefined;

  /** @param topics those of honest devices; what attackers send elsewhere is not recorded. */
  constructor(topics: Iterable<string>) {
    for (const topic of topics) this.tapes.set(topic, { first: [], latest: [] });
  }

  /** Takes a message in; `onHeard` is told either way, and it is kept while {@link isRecording}. */
  hear(topic: string, bytes: Buffer): void {
    const tape = this.tapes.get(topic);
    if (!tape) return;
    const recording = { topic, bytes: Buffer.from(bytes) };
    this.onHeard?.(recording);
    if (!this.isRecording) return;
    if (tape.first.length < MOST) tape.first.push(recording);
    else {
      tape.latest.push(recording);
      if (tape.latest.length > MOST) tape.latest.shift();
    }
  }

  /** Everything that was kept of a topic, in the order of its numbers. */
  of(topic: string): readonly Recording[] {
    const tape = this.tapes.get(topic);
    return tape ? [...tape.first, ...tape.latest] : [];
  }

  /** Of all devices, one after the other. */
  all(): Recording[] {
    return [...this.tapes.keys()].flatMap((topic) => this.of(topic));
  }
}
