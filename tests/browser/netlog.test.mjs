// The reading of the browser's network log, which guards the whole run: it must see what leaves the machine.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { strangers } from "./netlog.mjs";

test("a connection to another machine is seen, a look for a way is none", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "wakebell-netlog-"));
  t.after(() => rmSync(dir, { recursive: true }));
  const file = join(dir, "net.json");
  const line = (/** @type {number} */ type, /** @type {object} */ params, /** @type {number} */ id) =>
    JSON.stringify({ params, phase: 1, source: { id, type: 8 }, time: "1", type });
  writeFileSync(file, [
    `{"constants":{"logEventTypes":{"TCP_CONNECT_ATTEMPT":41,"UDP_CONNECT":77,"UDP_BYTES_SENT":80}},`, `"events": [`,
    line(41, { address: "127.0.0.1:4000" }, 1), line(41, { address: "198.51.100.7:443" }, 2),
    line(77, { address: "[2001:db8::1]:53" }, 3), line(80, { byte_count: 30 }, 3), line(77, { address: "[2001:db8::2]:443" }, 4),
    `{"params":{"addr`, // the browser was stopped here
  ].join(",\n"));
  assert.deepEqual(await strangers(file), { seen: 2, strangers: ["198.51.100.7:443 over TCP", "[2001:db8::1]:53 over UDP"] });
});
