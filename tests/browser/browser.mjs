// One browser for all tests; a context of its own for each visitor. Whatever a page complains about (errors on the
// console, exceptions, violations of the content security policy, requests to other machines) fails the test
// unless the test said that it would come.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

/** Flags of a browser that talks to nobody but the server under test. */
export const flags = [
  "--headless=new", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-default-apps", "--no-proxy-server",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
  ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
];

export const wide = { width: 1440, height: 900 };
export const phone = { width: 390, height: 844 };

/** @type {Promise<import("playwright-core").Browser> | undefined} */
let shared;
const browser = () => (shared ??= process.env.WAKEBELL_BROWSER
  ? chromium.connect(process.env.WAKEBELL_BROWSER)
  : chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: flags }));

/** Leaves the browser; call it after the last test of a file. */
export async function leave() {
  await (await shared)?.close();
}

/**
 * @typedef {object} Visitor
 * @property {import("playwright-core").Page} page
 * @property {import("playwright-core").BrowserContext} context
 * @property {string[]} complaints what went wrong on the pages so far
 * @property {(what: RegExp) => void} expect a complaint that is to come, such as the console's line about a 403
 * @property {(name: string) => Promise<void>} become a person of the demo company
 * @property {(path: string) => Promise<import("playwright-core").Response>} open a page
 * @property {() => Promise<void>} live waits until the page says that it is live
 */

/**
 * A visitor with a browser profile of their own.
 * @param {{ after(fn: () => Promise<void>): void }} t the test; the visitor leaves when it ends
 * @param {import("./server.mjs").Server} server
 * @param {{ as?: string, phone?: boolean, dark?: boolean, script?: boolean, options?: import("playwright-core").BrowserContextOptions }} [how]
 *   as: name of a person of the demo company who signs in at once
 * @returns {Promise<Visitor>}
 */
export async function visit(t, server, { as, phone: small = false, dark = false, script = true, options = {} } = {}) {
  const context = await (await browser()).newContext({
    baseURL: server.url, viewport: small ? phone : wide, hasTouch: small, isMobile: small, deviceScaleFactor: 1,
    colorScheme: dark ? "dark" : "light", javaScriptEnabled: script, locale: "en-GB", timezoneId: "Europe/Berlin",
    reducedMotion: "reduce", ...options,
  });
  context.setDefaultTimeout(20_000);
  /** @type {string[]} */
  const complaints = [];
  /** @type {RegExp[]} */
  const expected = [];
  const complain = (/** @type {string} */ text) => { complaints.push(text); };
  context.on("console", (m) => {
    if (m.type() === "error" || /security policy|trusted type/i.test(m.text())) complain(`${m.text()} (${m.location().url})`);
  });
  context.on("weberror", (e) => complain(String(e.error().stack ?? e.error())));
  context.on("request", (r) => {
    if (!["http:", "ws:"].includes(new URL(r.url()).protocol) || new URL(r.url()).origin !== server.url) complain(`request to another place: ${r.url()}`);
  });
  context.on("response", (r) => {
    if (r.request().resourceType() !== "document" || r.status() >= 300 && r.status() < 400) return;
    const policy = r.headers()["content-security-policy"] ?? "";
    if (!policy.includes("frame-ancestors 'none'") || !policy.includes("require-trusted-types-for 'script'")) complain(`no strict policy on ${r.url()}`);
  });
  if (script) {
    await context.addInitScript(() => addEventListener("securitypolicyviolation", (e) =>
      console.error(`content security policy: ${e.effectiveDirective} blocked ${e.blockedURI} ${e.sample}`)));
  }
  const page = await context.newPage();
  t.after(async () => {
    await context.close();
    assert.deepEqual(complaints.filter((c) => !expected.some((e) => e.test(c))), [], "the pages complained");
  });

  /** @type {Visitor} */
  const v = {
    page, context, complaints,
    expect: (what) => { expected.push(what); },
    async become(name) {
      await page.goto("/demo");
      await Promise.all([
        page.waitForURL((u) => u.pathname !== "/demo"),
        page.getByRole("button", { name: new RegExp(name) }).click(),
      ]);
    },
    async open(path) {
      const answer = await page.goto(path);
      assert.ok(answer, `${path} answered nothing`);
      return answer;
    },
    async live() {
      await page.locator("[data-conn]").first().getByText("Live", { exact: true }).waitFor();
    },
  };
  if (as) await v.become(as);
  return v;
}

/**
 * Declares an incident through the API, for tests that are not about declaring, and returns its reference.
 * @param {import("./server.mjs").Server} server @param {string} title @param {object} [more]
 * @returns {Promise<string>}
 */
export async function declare(server, title, more = {}) {
  return (await server.api("POST", "/api/v1/incidents", { title, service: "customer-portal", ...more })).ref;
}

/**
 * The text of the page as somebody reads it, in one line.
 * @param {import("playwright-core").Page} page @param {string} [selector]
 */
export async function words(page, selector = "main") {
  return (await page.locator(selector).innerText()).replace(/\s+/g, " ");
}
