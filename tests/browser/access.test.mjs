// Nobody sees a button that they may not press, and who posts all the same is refused. The forms are harvested from
// the pages of those who may do everything, and posted with the sessions of those who may not.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { leave, visit } from "./browser.mjs";
import { fill, lineOf, screens, world } from "./screens.mjs";
import { start } from "./server.mjs";

/** @typedef {{ action: string, name: string, fields: Record<string, string> }} Form */

const auditor = "Wanda Prüfer";
// What changes who is signed in, or only this browser, is everybody's.
const everybodys = /^\/(sign-out|demo|theme|settings\/account)/;
const most = 400; // pages of one walk
const alike = 4; // pages of one kind, such as rooms of incidents

/** @type {import("./server.mjs").Server} */
let server;
/** @type {Record<string, string>} */
let places;
/** @type {Form[]} */
let all;
/** @type {string[]} what the walks of those who may do everything found wrong */
const astray = [];

before(async () => {
  server = await start({ mail: true });
  places = await world(server);
  /** @type {(() => Promise<void>)[]} */
  const ends = [];
  const here = { after: (/** @type {() => Promise<void>} */ fn) => { ends.push(fn); } };
  const petra = await visit(here, server, { as: "Petra Lindqvist", script: false });
  await petra.open("/settings/people/new");
  await petra.page.getByLabel("Name", { exact: true }).fill(auditor);
  await petra.page.getByLabel("E-mail address").fill("wanda.pruefer@lumenhof.example");
  for (const box of await petra.page.locator("input[name^='role.']:checked").all()) await box.uncheck();
  await petra.page.locator("input[name='role.auditor']").check();
  await petra.page.locator("main form button").first().click();
  const jonas = await visit(here, server, { as: "Jonas Wiesinger", script: false });
  const forms = [];
  for (const v of [jonas, petra]) {
    const found = await crawl(v);
    forms.push(...found.forms);
    astray.push(...found.broken, ...found.unlisted.map((u) => `${u} is not in screens.mjs`));
  }
  all = distinct(forms);
  for (const end of ends) await end();
});
after(async () => { await leave(); await server.stop(); });

/** @param {Form[]} forms */
const distinct = (forms) => [...new Map(forms.map((f) => [`${f.action} ${f.name}`, f])).values()].filter((f) => !everybodys.test(f.action));

/**
 * Reads a page without drawing it: there are hundreds. It is parsed in an empty page of the same browser.
 * @param {import("playwright-core").Page} desk
 * @param {string} html
 * @returns {Promise<{ forms: Form[], links: string[] }>}
 */
const read = (desk, html) => desk.evaluate((text) => {
  const doc = new DOMParser().parseFromString(text, "text/html"), here = "http://here.example";
  const of = (/** @type {string} */ href) => new URL(href, here);
  return {
    forms: [...doc.forms].filter((f) => f.method === "post").map((f) => ({
      action: of(f.getAttribute("action") ?? "").pathname, name: f.dataset.form ?? "",
      fields: Object.fromEntries([...new FormData(f)].map(([k, x]) => [k, String(x)])),
    })),
    links: [...doc.querySelectorAll("a[href]:not([download])")].map((a) => of(a.getAttribute("href") ?? ""))
      .filter((u) => u.origin === here).map((u) => u.pathname + u.search),
  };
}, html);

/**
 * Opens every page of the table that opens for this visitor, and follows every link that is found.
 * @param {import("./browser.mjs").Visitor} v
 */
async function crawl(v) {
  const desk = await v.context.newPage();
  /** @type {Form[]} */
  const forms = [];
  const unlisted = new Set(), broken = new Set(), seen = new Set(), plainly = new Set();
  /** @type {{ path: string, from: string }[]} */
  const todo = screens.filter((s) => s.as && s.path !== "/nowhere").map((s) => ({ path: fill(s.path, places), from: "" }));
  const plain = (/** @type {string} */ path) => path.replace(/[?#].*/, "");
  /** @type {Map<string, number>} */
  const kinds = new Map();
  for (let next = todo.shift(); next && seen.size < most; next = todo.shift()) {
    const { path, from } = next;
    // A further page of the same list, with another filter, is tested elsewhere.
    if (seen.has(path) || from && plainly.has(plain(path))) continue;
    const kind = lineOf(plain(path)) || plain(path), before = kinds.get(kind) ?? 0;
    if (from && before >= alike) continue;
    kinds.set(kind, before + 1);
    seen.add(path);
    plainly.add(plain(path));
    const answer = await v.page.request.get(path);
    if (!answer.ok()) {
      if (from) broken.add(`${path} answers ${answer.status()}, linked from ${from}`);
      continue;
    }
    if (!/^text\/html/.test(answer.headers()["content-type"] ?? "")) continue; // a download
    if (!lineOf(new URL(answer.url()).pathname)) unlisted.add(plain(path));
    const found = await read(desk, await answer.text());
    forms.push(...found.forms);
    for (const link of new Set(found.links)) if (!/^\/(api|a)\//.test(link)) todo.push({ path: link, from: path });
  }
  await desk.close();
  return { forms: distinct(forms), unlisted: [...unlisted], broken: [...broken], pages: seen.size };
}

const restricted = [
  { name: "Liam Prendergast", role: "reporter" }, { name: "Nora Halvorsen", role: "responder" },
  { name: auditor, role: "auditor" }, { name: "Helene Brandstetter", role: "executive" },
];
/** @type {Map<string, Form[]>} */
const owns = new Map();

/** @param {import("./browser.mjs").Visitor} v @param {Form} f */
const post = async (v, f) => (await v.page.request.post(f.action, { form: f.fields, maxRedirects: 0 })).status();

for (const { name, role } of restricted) {
  test(`${role}: who posts what has no button here is refused`, async (t) => {
    const v = await visit(t, server, { as: name, script: false });
    const own = await crawl(v);
    owns.set(role, own.forms);
    assert.deepEqual(own.broken, [], "links that lead nowhere for this person");
    assert.deepEqual(own.unlisted, [], "screens that tests/browser/screens.mjs does not list");
    const mine = new Set(own.forms.map((f) => `${f.action} ${f.name}`));
    const foreign = all.filter((f) => !mine.has(`${f.action} ${f.name}`));
    const wrong = [];
    for (const f of foreign) {
      const status = await post(v, f);
      // One of the called team may answer for another (policy 003); the button stands with who was called.
      if (f.name.startsWith("call.") && status === 303) continue;
      if (status !== 403 && status !== 404) wrong.push(`${f.name} at ${f.action} answers ${status}`);
    }
    if (own.forms.length < 5) t.diagnostic(own.forms.map((f) => `${f.name} at ${f.action}`).join(", "));
    t.diagnostic(`${own.pages} pages, ${own.forms.length} forms of the own, ${foreign.length} of others refused`);
    assert.deepEqual(wrong, []);
    assert.ok(foreign.length > 10, `only ${foreign.length} forms were tried`);
  });
}

// These change the incidents, so they come last.
for (const { name, role } of restricted) {
  test(`${role}: sees no button that may not be pressed`, async (t) => {
    const v = await visit(t, server, { as: name, script: false });
    const wrong = [], list = owns.get(role) ?? [];
    for (const f of list) {
      const status = await post(v, f);
      // What is missing in the form, or was done by another meanwhile, is no matter of access.
      if (![200, 303, 409, 422].includes(status)) wrong.push(`${f.name} at ${f.action} answers ${status}`);
    }
    assert.deepEqual(wrong, []);
    if (role === "auditor") assert.deepEqual(list.map((f) => f.action).filter((a) => a !== "/ledger/verify"), [], "an auditor reads everything and changes nothing");
    else assert.ok(list.length > 0, "there is something this role may do");
  });
}

test("the table of screens has every entry of the menu and of the settings, and every page that is linked", async (t) => {
  assert.deepEqual(astray, []);
  const v = await visit(t, server, { as: "Petra Lindqvist" });
  /** @type {string[]} */
  const found = [];
  for (const path of ["/", "/settings"]) {
    await v.open(path);
    found.push(...await v.page.evaluate(() => [...document.querySelectorAll("nav[aria-label=Main] a, .sections a")].map((a) => /** @type {HTMLAnchorElement} */ (a).pathname)));
  }
  assert.ok(found.includes("/triage") && found.includes("/settings/people"), `${found}`);
  const table = new Set(screens.map((s) => s.path.split("?")[0]));
  assert.deepEqual([...new Set(found)].filter((p) => !table.has(p)), []);
});
