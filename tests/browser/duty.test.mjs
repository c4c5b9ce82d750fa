// Grading makes duties, somebody meets one, time passes, and what nobody did is missed (policy 003: severity 0 to 2
// calls the SIRT within 60 minutes; situation reports every two hours).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { leave, visit, words } from "./browser.mjs";
import { start } from "./server.mjs";

/** @type {import("./server.mjs").Server} */
let server;
before(async () => { server = await start({ bare: true }); });
after(async () => { await leave(); await server.stop(); });

test("grade, duties appear, meet one, time passes, missed", async (t) => {
  const ref = (await server.api("POST", "/api/v1/incidents", { title: "Planning data readable without sign-in", service: "planning-api" })).ref;
  const [jonas, tomasz] = [await visit(t, server, { as: "Jonas Wiesinger" }), await visit(t, server, { as: "Tomasz Wierzba" })];
  await tomasz.open(`/incidents/${ref}`);
  await tomasz.live();
  const names = (/** @type {import("./browser.mjs").Visitor} */ v) => v.page.locator("#duties .clocks .ck-top").allInnerTexts();
  const before = (await names(tomasz)).map((n) => n.trim());

  await jonas.open(`/incidents/${ref}/grade`);
  const radio = (/** @type {string} */ group, /** @type {string | RegExp} */ name) => jonas.page.getByRole("group", { name: group }).getByRole("radio", { name });
  for (const q of ["Is a whole service down?", "Is a core function broken?"]) await radio(q, "Yes").check();
  await jonas.page.getByRole("button", { name: "Record and suggest" }).click();
  await jonas.page.getByText(/Suggested:/).waitFor();
  const suggested = await jonas.page.locator("form[data-form=grade] input[name=severity]:checked").inputValue();
  assert.match(suggested, /^[0-2]$/, "a severity is suggested and ticked");
  const confirm = jonas.page.getByRole("button", { name: "Confirm" });
  await confirm.click();
  await confirm.waitFor({ state: "detached" }); // what is confirmed cannot be confirmed again
  await radio("Business impact level", /BIL ?1/).check();
  await jonas.page.getByLabel("Reason", { exact: true }).first().fill("Contracts of three large customers are readable");
  await jonas.page.getByRole("button", { name: "Decide the grade" }).click();
  await jonas.page.waitForURL(`**/incidents/${ref}`);

  // The colleague who only watches sees the new duties without doing anything.
  await tomasz.page.locator("#duties .ck-top").filter({ hasText: "SIRT" }).first().waitFor();
  const owed = (await names(tomasz)).map((n) => n.trim());
  const fresh = owed.filter((n) => !before.includes(n));
  t.diagnostic(`before: ${before.join(", ")}; new: ${fresh.join(", ")}`);
  assert.ok(fresh.length > 0, `before ${before}, after ${owed}`);
  assert.match(fresh.join(), /SIRT/, "the response team is owed a call");

  // Meet one that a person may mark as done.
  const card = jonas.page.locator("#duties li.owed").filter({ has: jonas.page.getByRole("link", { name: "Mark as done" }) }).first();
  const take = jonas.page.locator("#duties li.owed").filter({ has: jonas.page.getByRole("button", { name: "Take it" }) }).first();
  if (await card.count() === 0) {
    const id = await take.getAttribute("id");
    await take.getByRole("button", { name: "Take it" }).click();
    await jonas.page.locator(`[id="${id}"]`).getByRole("button", { name: "Take it" }).waitFor({ state: "detached" });
  }
  const name = (await card.locator(".ck-top").innerText()).trim();
  await card.getByRole("link", { name: "Mark as done" }).click();
  await jonas.page.waitForURL("**/duties/**");
  await jonas.page.getByLabel("Remark").fill("By telephone, they confirmed");
  await jonas.page.getByRole("button", { name: "Done", exact: true }).click();
  await jonas.page.getByRole("button", { name: "Done", exact: true }).waitFor({ state: "detached" });
  await jonas.open(`/incidents/${ref}`);
  await jonas.page.getByText(/deadlines? done or gone/).click();
  const done = jonas.page.getByRole("list", { name: "Done duties" }).getByRole("listitem").filter({ hasText: name });
  assert.match(await done.first().innerText(), /Met|met/, `${name} is met`);

  // Three hours later the rest is late, and both pages say so by themselves.
  await server.forward("3h");
  for (const v of [jonas, tomasz]) {
    await v.page.locator("#duties .clocks [data-word]", { hasText: "Missed" }).first().waitFor();
  }
  assert.match((await names(jonas)).join(), /SIRT|[Ss]ituation|report/, "what is missed has a name");
  await jonas.open("/deadlines?state=missed");
  const missed = await words(jonas.page);
  assert.match(missed, new RegExp(ref));
  assert.match(missed, /Missed/);
  await jonas.open("/");
  assert.match(await words(jonas.page), /missed/, "Now says how many");
});
