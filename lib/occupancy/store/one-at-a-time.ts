/**
 * Runs pieces of work one after the other. A transaction that waits for another one of its own process would keep a
 * connection that the first one's queries need.
 */
export function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    last = result.catch(() => {});
    return result;
  };
}
