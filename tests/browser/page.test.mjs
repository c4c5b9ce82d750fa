// What every page promises: small, strict, usable by keyboard, light or dark.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { declare, leave, visit } from "./browser.mjs";
import { start } from "./server.mjs";

/** @type {import("./server.mjs").Server} */
let server;
/** @type {string} */
let ref;
before(async () => {
  server = await start({ bare: true });
  ref = await declare(server, "Measured", { summary: "A page with everything on it." });
});
after(async () => { await leave(); await server.stop(); });

/** @param {import("./browser.mjs").Visitor} v @param {RegExp} what */
async function heard(v, what) {
  for (let n = 0; n < 100 && !v.complaints.some((c) => what.test(c)); n++) await new Promise((done) => setTimeout(done, 50));
  assert.ok(v.complaints.some((c) => what.test(c)), `nothing like ${what} was heard: ${v.complaints.join(" | ")}`);
}

test("a first visit is small", async (t) => {
  const v = await visit(t, server, { as: "Jonas Wiesinger" });
  const wire = await v.context.newCDPSession(v.page);
  await wire.send("Network.enable");
  await wire.send("Network.setCacheDisabled", { cacheDisabled: true });
  /** @type {Map<string, { url: string, type: string, coding: string, bytes: number }>} */
  const got = new Map();
  wire.on("Network.responseReceived", (e) => got.set(e.requestId, {
    url: e.response.url, type: e.type, coding: e.response.headers["Content-Encoding"] ?? e.response.headers["content-encoding"] ?? "", bytes: 0,
  }));
  wire.on("Network.loadingFinished", (e) => { const r = got.get(e.requestId); if (r) r.bytes = e.encodedDataLength; });
  await v.open(`/incidents/${ref}`);
  await v.live();
  await v.page.evaluate(() => document.fonts.ready);

  const all = [...got.values()].filter((r) => r.url.startsWith(server.url) && !r.url.endsWith("/events"));
  const sum = (/** @type {typeof all} */ list) => list.reduce((n, r) => n + r.bytes, 0);
  const [js, css] = [all.filter((r) => r.type === "Script"), all.filter((r) => r.type === "Stylesheet")];
  t.diagnostic(all.map((r) => `${new URL(r.url).pathname} ${r.bytes} ${r.coding}`).join(", "));
  t.diagnostic(`first visit ${sum(all)} B, JS ${sum(js)} B, CSS ${sum(css)} B, ${all.length} requests`);
  for (const r of [...js, ...css]) assert.equal(r.coding, "br", r.url);
  assert.ok(js.length && css.length && all.some((r) => r.type === "Font"), "script, style and font were loaded");
  assert.ok(sum(all) <= 100_000, `first visit ${sum(all)} bytes`);
  assert.ok(sum(js) <= 15_000, `JS ${sum(js)} bytes`);
  assert.ok(sum(css) <= 12_000, `CSS ${sum(css)} bytes`);
});

test("strict policy: no string becomes markup, no inline style or script runs; cookies are out of reach", async (t) => {
  const v = await visit(t, server, { as: "Jonas Wiesinger" });
  await v.open("/");
  assert.deepEqual(v.complaints, []);
  v.expect(/content security policy|Content Security Policy|TrustedHTML|TrustedScript|trusted type/i);
  const outcome = await v.page.evaluate(() => {
    /** @param {() => void} fn */
    const tried = (fn) => { try { fn(); return "allowed"; } catch (e) { return /** @type {Error} */ (e).name; } };
    const box = document.createElement("div");
    document.body.append(box);
    const markup = tried(() => { box.innerHTML = "<b>x</b>"; });
    const policy = tried(() => { /** @type {any} */ (window).trustedTypes.createPolicy("other", {}); });
    box.setAttribute("style", "color: rgb(1, 2, 3)");
    return { markup, policy, styled: getComputedStyle(box).color === "rgb(1, 2, 3)", cookies: document.cookie };
  });
  assert.deepEqual(outcome, { markup: "TypeError", policy: "TypeError", styled: false, cookies: "" });
  // The listener that guards every other test hears such a thing.
  await heard(v, /^content security policy: style-src/);
  await heard(v, /^content security policy: require-trusted-types-for/);
  for (const c of await v.context.cookies()) assert.deepEqual([c.httpOnly, c.sameSite], [true, "Lax"], c.name);
});

test("the palette and single keys", async (t) => {
  const v = await visit(t, server, { as: "Jonas Wiesinger" }), { page } = v;
  await v.open("/");
  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog", { name: "Search or go to" });
  await palette.waitFor();
  await page.keyboard.type("dead");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/deadlines");

  await page.keyboard.press("Control+k");
  await palette.waitFor();
  await page.keyboard.press("ArrowDown");
  assert.equal(await palette.getByRole("option", { selected: true }).count(), 1);
  await page.keyboard.press("Escape");
  await palette.waitFor({ state: "hidden" });

  // On a busy machine the second key may come too late to belong to the first.
  for (let i = 0; i < 5 && !page.url().endsWith("/triage"); i++) {
    await page.keyboard.press("g");
    await page.keyboard.press("t");
    await page.waitForURL("**/triage", { timeout: 4000 }).catch(() => {});
  }
  assert.match(page.url(), /\/triage$/);

  // In a field a key is a letter.
  await v.open(`/incidents/${ref}`);
  await page.getByLabel("What changed?").focus();
  await page.keyboard.type("gt");
  assert.equal(await page.getByLabel("What changed?").inputValue(), "gt");
  assert.match(page.url(), /incidents/);
  await page.getByLabel("What changed?").fill("");

  // And they can be switched off.
  await v.open("/settings/account");
  await page.getByLabel("Single-key shortcuts").uncheck();
  await page.locator("form[data-form=keys] button").click();
  await page.waitForLoadState();
  await v.open("/");
  await page.keyboard.press("g");
  await page.keyboard.press("t");
  await page.keyboard.press("Control+k");
  await palette.waitFor();
  assert.equal(new URL(page.url()).pathname, "/");
});

test("the theme goes round, and stays", async (t) => {
  const v = await visit(t, server, { as: "Jonas Wiesinger" }), { page } = v;
  await v.open("/");
  const shade = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const press = async () => {
    const sent = page.waitForResponse((r) => r.url().endsWith("/theme"));
    await page.getByRole("button", { name: "Theme" }).click();
    await sent;
  };
  const light = await shade();
  await press();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "light");
  await press();
  const dark = await shade();
  assert.notEqual(dark, light);
  await page.reload();
  assert.equal(await shade(), dark, "the next page has it too");
  await press();
  assert.equal(await shade(), light, "back to what the system says");
  await page.emulateMedia({ colorScheme: "dark" });
  assert.equal(await shade(), dark, "the system is dark now");
});
