// Runs the tests in a real browser: node tests/browser/run.mjs [PART-OF-A-FILE-NAME ...]
// One browser serves all files; every file starts servers of its own. Everything ends within a hard limit. At the
// end the browser's own log of its network is read: nothing may have left this machine.
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { flags } from "./browser.mjs";
import { strangers } from "./netlog.mjs";
import { root } from "./server.mjs";

const here = new URL(".", import.meta.url).pathname;
const within = 1_500_000; // the whole run; a quiet machine with two cores needs less than three minutes
const each = "600000"; // one test
const began = performance.now();

const wanted = process.argv.slice(2);
const files = readdirSync(here).filter((f) => f.endsWith(".test.mjs") && (!wanted.length || wanted.some((w) => f.includes(w)))).sort();
if (!files.length) throw new Error(`no test file is called like ${wanted.join(" or ")}`);

const dir = mkdtempSync(join(tmpdir(), "wakebell-chromium-"));
const log = join(dir, "net.json");
const server = await chromium.launchServer({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: [...flags, `--log-net-log=${log}`], host: "127.0.0.1",
});
const tests = spawn(process.execPath, ["--test", "--test-concurrency=2", `--test-timeout=${each}`, "--test-reporter=spec", ...files.map((f) => join(here, f))], {
  cwd: root, stdio: "inherit", env: { ...process.env, WAKEBELL_BROWSER: server.wsEndpoint() },
});
let late = false;
const limit = setTimeout(() => { late = true; tests.kill("SIGTERM"); setTimeout(() => tests.kill("SIGKILL"), 3000).unref(); }, within);
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.once(signal, () => tests.kill(signal));
let code = await new Promise((done) => tests.once("exit", (c) => done(c ?? 1)));
clearTimeout(limit);
await server.close();
if (late) {
  console.error(`the tests in the browser took longer than ${within / 1000} s and were stopped`);
  code = 1;
}
const away = await strangers(log);
for (const a of away.strangers) console.error(`the browser talked to ${a}`);
if (away.strangers.length || !away.seen) {
  if (!away.seen) console.error("the browser's log of its network shows no connection at all: it cannot be trusted");
  code = code || 1;
}
rmSync(dir, { recursive: true, force: true });
console.log(`browser tests: ${((performance.now() - began) / 1000).toFixed(0)} s, ${away.seen} connections, ${away.strangers.length} of them to other machines`);
process.exit(code);
