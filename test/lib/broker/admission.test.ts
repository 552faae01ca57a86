import assert from "node:assert/strict";
import { Admission } from "../../../lib/broker/admission.js";
import { completeLimits } from "../../../lib/broker/limits.js";
import { LoginLockout } from "../../../lib/broker/login-lockout.js";
import { PendingConnections } from "../../../lib/broker/pending.js";
import { remoteAddress } from "../../../lib/broker/remote-address.js";

const far = remoteAddress("192.0.2.7");
const local = remoteAddress("::ffff:127.0.0.1");

describe("Admission of connections", () => {
  it("lets an address make 10 connections at once and 10 per second after that", () => {
    let now = 0;
    const admission = new Admission(completeLimits(), () => now);
    const enter = () => {
      const refusal = admission.enter(far);
      if (!refusal) admission.leave(far);
      return refusal;
    };
    for (let i = 0; i < 10; i++) assert.equal(enter(), undefined);
    assert.equal(enter(), "address-rate");
    now = 100;
    assert.equal(enter(), undefined);
    assert.equal(enter(), "address-rate");
    now = 1e6;
    for (let i = 0; i < 10; i++) assert.equal(enter(), undefined);
    assert.equal(enter(), "address-rate", "idle time saves up no more than the burst");
    assert.equal(admission.enter(remoteAddress("192.0.2.8")), undefined, "another address has its own bucket");
  });

  it("bounds open connections per address and in all, with a limit of its own for loopback", () => {
    let now = 0;
    const limits = completeLimits({ socketsPerAddress: 3, loopbackSockets: 5, maxSockets: 6 });
    const admission = new Admission(limits, () => now);
    for (let i = 0; i < 3; i++) assert.equal(admission.enter(far), undefined);
    assert.equal(admission.enter(far), "address-sockets");
    for (let i = 0; i < 3; i++) assert.equal(admission.enter(local), undefined);
    assert.equal(admission.enter(local), "total-sockets");
    admission.leave(far);
    now += 1000;
    assert.equal(admission.enter(local), undefined);
    assert.equal(admission.open, 6);
  });

  it("counts an IPv6 customer by its /64 and IPv4 in IPv6 notation as IPv4", () => {
    assert.equal(remoteAddress("2001:db8:0:1::1").key, remoteAddress("2001:db8:0:1:ffff::2").key);
    assert.notEqual(remoteAddress("2001:db8:0:1::1").key, remoteAddress("2001:db8:0:2::1").key);
    assert.equal(remoteAddress("fe80::1%eth0").key, remoteAddress("fe80::2%eth0").key);
    assert.equal(remoteAddress("::ffff:192.0.2.7").key, far.key);
    assert.deepEqual(
      [remoteAddress("::1"), local, far].map((a) => a.isLoopback),
      [true, true, false],
    );
  });
});

describe("Login lock-out", () => {
  it("locks a name at an address after 5 failures for 60 s, and no other name there", () => {
    let now = 0;
    const lockout = new LoginLockout(completeLimits(), () => now);
    for (let i = 0; i < 4; i++) lockout.failed(local, "rack-1");
    assert.equal(lockout.isLocked(local, "rack-1"), false);
    lockout.failed(local, "rack-1");
    assert.equal(lockout.isLocked(local, "rack-1"), true);
    assert.equal(lockout.isLocked(local, "gateway"), false);
    assert.equal(lockout.isLocked(far, "rack-1"), false);
    now = 59_999;
    assert.equal(lockout.isLocked(local, "rack-1"), true);
    now = 60_000;
    assert.equal(lockout.isLocked(local, "rack-1"), false);
    lockout.failed(local, "rack-1");
    assert.equal(lockout.isLocked(local, "rack-1"), false, "the count starts anew");
  });

  it("forgets failures at a success", () => {
    const lockout = new LoginLockout(completeLimits(), () => 0);
    for (let i = 0; i < 4; i++) lockout.failed(far, "rack-1");
    lockout.succeeded(far, "rack-1");
    lockout.failed(far, "rack-1");
    assert.equal(lockout.isLocked(far, "rack-1"), false);
  });

  it("refuses a remote address that tries many names, never this machine", () => {
    const lockout = new LoginLockout(completeLimits(), () => 0);
    for (let i = 0; i < 20; i++) {
      assert.equal(lockout.isAddressLocked(far), false);
      lockout.failed(far, `name-${i}`);
      lockout.failed(local, `name-${i}`);
    }
    assert.equal(lockout.isAddressLocked(far), true);
    assert.equal(lockout.isAddressLocked(local), false);
  });
});

describe("Pending connections", () => {
  it("drops the oldest beyond the number or bytes allowed", () => {
    const pending = new PendingConnections({ maxPendingSockets: 3, maxPendingBytes: 100 });
    const evicted: string[] = [];
    const connection = (name: string) => ({ evict: () => void evicted.push(name) });
    const a = connection("a");
    const b = connection("b");
    const c = connection("c");
    const d = connection("d");
    for (const one of [a, b, c]) pending.add(one);
    pending.remove(b);
    pending.add(d);
    assert.deepEqual(evicted, []);
    pending.add(b);
    assert.deepEqual(evicted, ["a"]);
    pending.holds(c, 60);
    pending.holds(d, 40);
    assert.deepEqual(evicted, ["a"]);
    pending.holds(b, 1);
    assert.deepEqual(evicted, ["a", "c"]);
    assert.equal(pending.size, 2);
  });
});
