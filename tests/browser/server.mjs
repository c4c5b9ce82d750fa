// The real program on a free loopback port, with a data directory of its own and a clock that tests can move.
// Stopped by its process id; it cannot outlive its limit.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sink } from "./sink.mjs";

export const root = fileURLToPath(new URL("../../", import.meta.url));
const binary = process.env.WAKEBELL ?? join(root, "bin/wakebell");
const startWithin = 30_000;
const livesAtMost = 1_500_000;

/**
 * @typedef {object} Server
 * @property {string} url where it listens, without a slash at the end
 * @property {string} said what it printed until it was ready
 * @property {string} token of the demo's incident manager, "" without the demo
 * @property {(by: string) => Promise<void>} forward moves the clock, such as "20m"; what falls due on the way is done
 * @property {(method: string, path: string, body?: unknown) => Promise<any>} api a call with the token
 * @property {string[]} letters what it mailed, where it was started with a mail server
 * @property {() => Promise<void>} stop
 */

/**
 * Starts `wakebell demo` or `wakebell serve`.
 * @param {{ command?: "demo" | "serve", bare?: boolean, packs?: string, mail?: boolean }} [how] bare: the demo company without its story;
 *   packs: folder of the operator's own rule packs; mail: with a mail server
 * @returns {Promise<Server>}
 */
export async function start({ command = "demo", bare = false, packs = "", mail = false } = {}) {
  const dir = mkdtempSync(join(tmpdir(), "wakebell-browser-"));
  const args = [command, "--data", dir, "--listen", "127.0.0.1:0", "--test-clock", ...(bare ? ["--bare"] : []), ...(packs ? ["--packs", packs] : [])];
  const post = mail ? await sink() : undefined;
  if (post) args.push("--smtp-host", "127.0.0.1", "--smtp-port", `${post.port}`, "--smtp-tls", "none", "--smtp-from", "wakebell@lumenhof.example");
  const child = spawn(binary, args, { stdio: ["ignore", "pipe", "pipe"], env: { PATH: process.env.PATH ?? "", HOME: dir, TZ: "UTC" } });
  let said = "", log = "";
  child.stderr.on("data", (b) => { log += b; });
  const ended = new Promise((done) => child.once("exit", done));
  const limit = setTimeout(() => child.kill("SIGKILL"), livesAtMost);
  limit.unref();
  const kill = () => { child.kill("SIGKILL"); rmSync(dir, { recursive: true, force: true }); };
  process.once("exit", kill);

  /** @type {string} */
  const url = await new Promise((ready, fail) => {
    const late = setTimeout(() => { kill(); fail(new Error(`wakebell ${command} did not start in time:\n${said}${log}`)); }, startWithin);
    child.stdout.on("data", (b) => {
      said += b;
      const at = /listens on (http:\S+)\n/.exec(said);
      if (at) { clearTimeout(late); ready(/** @type {string} */ (at[1])); }
    });
    child.once("error", (e) => { clearTimeout(late); fail(new Error(`${binary}: ${e.message}; run make build first`)); });
    child.once("exit", (code) => { clearTimeout(late); fail(new Error(`wakebell ${command} ended with ${code}:\n${said}${log}`)); });
  });
  const token = /^\s+(wbl_\S+)$/m.exec(said)?.[1] ?? "";

  /** @param {string} method @param {string} path @param {unknown} [body] */
  async function api(method, path, body) {
    const answer = await fetch(url + path, {
      method, body: body === undefined ? undefined : JSON.stringify(body),
      headers: { "Content-Type": "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) },
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answers ${answer.status}: ${text}`);
    return text ? JSON.parse(text) : undefined;
  }

  return {
    url, said, token, api, letters: post?.letters ?? [],
    forward: (by) => api("POST", "/debug/clock", { forward: by }),
    async stop() {
      clearTimeout(limit);
      process.removeListener("exit", kill);
      child.kill("SIGTERM");
      const hard = setTimeout(() => child.kill("SIGKILL"), 5000);
      await ended;
      post?.stop();
      clearTimeout(hard);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
