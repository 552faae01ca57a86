import { extname, join } from "node:path";
import { OwnProcess, scriptArguments } from "../harness/own-process.js";
import { type Job, type JobResult, runJob } from "./jobs.js";

/**
 * Does jobs on several processes.
 *
 * @param processes 1: in this one.
 * @returns results in the order of the jobs.
 */
export async function runJobs(
  jobs: readonly Job[],
  processes: number,
  onProgress?: (done: number, total: number) => void,
): Promise<JobResult[]> {
  const results: JobResult[] = [];
  let done = 0;
  let next = 0;
  onProgress?.(done, jobs.length);
  const work = async (run: (job: Job) => Promise<JobResult>) => {
    while (next < jobs.length) {
      const index = next++;
      results[index] = await run(jobs[index] as Job);
      onProgress?.(++done, jobs.length);
    }
  };
  if (processes <= 1) {
    await work(async (job) => runJob(job));
    return results;
  }
  const script = join(__dirname, `job-process${extname(__filename)}`);
  const workers = Array.from(
    { length: Math.min(processes, jobs.length) },
    (_, i) =>
      new OwnProcess(`worker ${i + 1}`, { command: process.execPath, args: scriptArguments(script), ipc: true }),
  );
  try {
    await Promise.all(
      workers.map((worker) =>
        work(async (job) => {
          worker.child.send(job);
          return (await worker.message()) as JobResult;
        }),
      ),
    );
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
  }
  return results;
}
