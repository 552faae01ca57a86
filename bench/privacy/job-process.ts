// Runs as a process of its own, so that the suite uses every core: does the jobs that its parent sends, one by one.
import { type Job, runJob } from "./jobs.js";

process.on("message", (job: Job) => {
  process.send?.(runJob(job));
});
// Without its parent there is nothing to do.
process.on("disconnect", () => process.exit());
