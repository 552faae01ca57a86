// Pages that do not disturb each other, in one Redoubt.
import { network } from "../support/pages/network.js";
import { occupancy } from "../support/pages/occupancy.js";
import { PagesRun } from "../support/pages/pages-run.js";
import { trustAndLedger } from "../support/pages/trust-and-ledger.js";

describe("pages of the dashboard", function () {
  this.timeout(400_000);
  // Each goes on where the one before ended.
  this.bail(true);
  const run = new PagesRun((each) => [trustAndLedger(each), occupancy(each), network(each)]);

  before(async function () {
    await run.start(this);
  });
  after(() => run.stop());

  for (const page of run.pages) describe(page.title, () => page.forOperators());

  describe("after a restart, with a login", () => {
    before(() => run.restart());
    for (const page of run.pages) describe(page.title, () => page.forViewers());
  });
});
