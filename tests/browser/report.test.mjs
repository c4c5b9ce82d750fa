// "Everybody can report an incident" (policy 003): from a phone, without scripts, and once even when pressed twice.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { leave, visit, words } from "./browser.mjs";
import { start } from "./server.mjs";

/** @type {import("./server.mjs").Server} */
let server;
before(async () => { server = await start({ bare: true }); });
after(async () => { await leave(); await server.stop(); });

/** @param {import("playwright-core").Page} page */
const sidewise = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

test("declare from a phone", async (t) => {
  const v = await visit(t, server, { as: "Amara Diallo", phone: true }), { page } = v;
  await page.locator(".quick").tap();
  await page.waitForURL("**/report");
  await page.getByRole("link", { name: "Declare it directly" }).tap();
  await page.waitForURL("**/declare");
  assert.equal(await sidewise(page), 0);
  await page.getByLabel("What is it?").fill("Portal shows other customers' plans");
  await page.getByLabel("Which service?").selectOption("customer-portal");
  assert.match(await page.locator(".said").first().innerText(), /Europe\/Berlin, .* UTC/, "the form says the zone it took");
  await page.getByRole("button", { name: "Declare and start the clocks" }).tap();
  await page.waitForURL("**/incidents/INC-*");
  assert.match(await words(page), /is declared\. Its clocks run\./);
  assert.ok(await page.locator("#duties wb-clock [data-out]").first().isVisible(), "a clock runs");
  assert.equal(await sidewise(page), 0);

  // What is needed at 3 a.m. lies under the thumb, and is large enough for it.
  const bar = page.getByRole("navigation", { name: "Quick actions" });
  for (const name of ["Update", "Report", "Call"]) {
    const box = await bar.getByRole("link", { name }).boundingBox();
    assert.ok(box && box.height >= 44 && box.width >= 44 && box.y > 700, `${name}: ${JSON.stringify(box)}`);
  }
  await bar.getByRole("link", { name: "Update" }).tap();
  await page.getByLabel("What changed?").fill("Two customers told us within five minutes");
  await page.getByRole("button", { name: "Post", exact: true }).tap();
  await page.locator("#timeline").getByText("Two customers told us").waitFor();

  // The menu is a real one.
  await page.getByRole("button", { name: "Menu" }).tap();
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Deadlines" }).tap();
  await page.waitForURL("**/deadlines");
  assert.match(await words(page), /Portal shows other customers' plans|INC-/);
});

test("a reporter needs three answers, and sees who has it", async (t) => {
  const v = await visit(t, server, { as: "Liam Prendergast", phone: true }), { page } = v;
  await v.open("/report");
  v.expect(/status of 422/);
  await page.getByLabel("What is wrong?").fill("A customer got somebody else's invoice");
  await page.getByLabel("Which service?").evaluate((/** @type {HTMLSelectElement} */ e) => e.form?.setAttribute("novalidate", ""));
  await page.getByRole("button", { name: "Report and call the team" }).tap();
  await page.locator("[data-errors]").waitFor();
  assert.equal(await page.getByLabel("What is wrong?").inputValue(), "A customer got somebody else's invoice", "what was typed stays");
  await page.getByLabel("Which service?").selectOption("support-desk");
  await page.getByRole("button", { name: "Report and call the team" }).tap();
  await page.waitForURL("**/reports/*");
  assert.match(await words(page), /Data and support systems/);
  assert.match(await words(page), /somebody has it by|Somebody has it by/);
});

test("declare and note without scripts", async (t) => {
  const v = await visit(t, server, { script: false, as: "Jonas Wiesinger" }), { page } = v;
  await v.open("/declare");
  await page.getByLabel("What is it?").fill("Backups unreadable");
  await page.getByLabel("Which service?").selectOption("reporting");
  await page.getByRole("button", { name: "Declare and start the clocks" }).click();
  await page.waitForURL("**/incidents/INC-*");
  const room = await words(page);
  assert.match(room, /is declared\. Its clocks run\./);
  assert.match(room, /Backups unreadable/);
  assert.match(await page.locator("#duties .ck-sub time").first().innerText(), /\d\d:\d\d/, "when it is due stands there");
  await page.getByLabel("What changed?").fill("The key is not the one we escrowed");
  await page.getByRole("button", { name: "Post", exact: true }).click();
  assert.match(await words(page, "#timeline"), /The key is not the one we escrowed/);
  assert.equal(await page.locator("[data-conn]").isVisible(), false, "nothing claims to be live");
});

test("pressed twice, done once", async (t) => {
  const v = await visit(t, server, { as: "Jonas Wiesinger" }), { page } = v;
  await v.open("/declare");
  await page.getByLabel("What is it?").fill("Certificate expired");
  // Without scripts a browser sends the same form twice; both answers lead to the same incident.
  const fields = await page.locator("form[data-form=declare]").evaluate((f) =>
    Object.fromEntries([...new FormData(/** @type {HTMLFormElement} */ (f))].map(([k, x]) => [k, String(x)])));
  const answers = await Promise.all([0, 1].map(() => page.request.post("/declare", { form: fields, maxRedirects: 0 })));
  const places = answers.map((a) => a.headers()["location"]);
  assert.match(places[0] ?? "", /^\/incidents\/INC-/);
  assert.equal(places[0], places[1]);

  // With the script, the button is pressed again before the answer is there.
  await v.open(/** @type {string} */ (places[0]));
  let posts = 0;
  await page.route("**/notes", async (route) => { posts++; await new Promise((done) => setTimeout(done, 300)); await route.continue(); });
  await page.getByLabel("What changed?").fill("Renewed by hand");
  await page.getByRole("button", { name: "Post", exact: true }).dblclick();
  await page.locator("#timeline").getByText("Renewed by hand").waitFor();
  assert.equal(posts, 1);
  // A second note with the same words is a second note.
  await page.getByLabel("What changed?").fill("Renewed by hand");
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await page.locator("#timeline").getByText("Renewed by hand").nth(1).waitFor();
});
