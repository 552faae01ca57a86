import assert from "node:assert/strict";
import { assertSafeBinding, isLoopback } from "../../../lib/access/binding.js";

describe("binding", () => {
  it("knows loopback from the rest", () => {
    for (const host of ["127.0.0.1", "127.1.2.3", "localhost", "::1"]) assert.equal(isLoopback(host), true, host);
    for (const host of ["0.0.0.0", "::", "10.0.0.1", "127.example.org", "1270.0.0.1"]) {
      assert.equal(isLoopback(host), false, host);
    }
  });

  it("refuses the network unless editor and dashboard have logins", () => {
    const network = { host: "0.0.0.0", hasEditorLogin: true, hasDashboardLogin: true };
    assertSafeBinding(network);
    assertSafeBinding({ host: "127.0.0.1", hasEditorLogin: false, hasDashboardLogin: false });
    assert.throws(
      () => assertSafeBinding({ ...network, hasDashboardLogin: false }),
      /dashboard login.*REDOUBT_DASHBOARD_LOGIN/,
    );
    assert.throws(() => assertSafeBinding({ ...network, hasEditorLogin: false }), /editor login/);
  });
});
