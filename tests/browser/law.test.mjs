// "Winmore determines … whether notification of competent authorities or individuals is required under law" (policy
// 000): facts come in step by step, duties appear and go with their reasons, and the counsel's own reading of one rule
// moves its deadline. Every change is one entry of the timeline.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { leave, visit, words } from "./browser.mjs";
import { start } from "./server.mjs";

const packs = mkdtempSync(join(tmpdir(), "wakebell-packs-"));
/** @type {import("./server.mjs").Server} */
let server;
before(async () => { server = await start({ bare: true, packs }); });
after(async () => { await leave(); await server.stop(); rmSync(packs, { recursive: true, force: true }); });

/** Counsel reads one rule of the GDPR more strictly. @param {string} version @param {string} within */
const counsel = (version, within) => writeFileSync(join(packs, "counsel.yaml"), `
pack: counsel
title: Our counsel's reading
version: "${version}"
jurisdiction: EEA
instrument: GDPR, as our counsel reads it
source: a letter of our counsel of 2 November 2026
sure: read
rules:
  - id: eu-gdpr-33-1
    article: Art. 33(1)
    owes: [controller]
    to: authority
    to_name: the supervisory authority
    when: [personal_data_breach]
    unless: [risk_unlikely]
    start: aware
    deadline: ${within}
`);

/** The hour after which something falls due, in milliseconds. @param {import("playwright-core").Locator} where */
const due = async (where) => Date.parse(/** @type {string} */ (await where.locator("time").last().getAttribute("datetime")));

test("facts step by step, duties appear and go, counsel moves one deadline", async (t) => {
  const ref = (await server.api("POST", "/api/v1/incidents", { title: "Payslips readable without sign-in", service: "reporting" })).ref;
  // The German entity decides about the payslips itself.
  const scope = { type: "record_fact", fact: "scope", value: { services: ["reporting"], entities: ["lumenhof-gmbh"], processings: ["Employees"], confidence: "estimated" } };
  await server.api("POST", `/api/v1/incidents/${ref}/commands`, scope);
  const v = await visit(t, server, { as: "Jonas Wiesinger" }), { page, open } = v;
  const law = `/incidents/${ref}/law`;
  const authority = page.locator("[id='o-eu-gdpr-33-1-lumenhof-gmbh']"), persons = page.locator("[id='o-eu-gdpr-34-lumenhof-gmbh']");
  const told = () => words(page, "#timeline");
  const duties = async () => (await server.api("GET", `/api/v1/incidents/${ref}/duties`)).items;
  const owed = async (/** @type {string} */ rule) => (await duties()).filter((/** @type {any} */ d) => d.rule === rule);

  // Nothing is known: nothing is required, and the question that settles most stands in front.
  await open(law);
  assert.match(await words(page, "#authorities"), /Nothing is required by what is known/);
  const asks = page.locator("#open ol.law-asks > li");
  assert.match(await asks.first().innerText(), /Are personal data affected\?\s+Settles \d+ outcomes/);
  const settles = (await asks.allInnerTexts()).map((x) => Number(/settles (\d+)/i.exec(x)?.[1] ?? 0));
  assert.deepEqual(settles, [...settles].sort((a, b) => b - a), "the questions stand in the order of how many outcomes they settle");

  // A missing fact is answered where it is asked; the duty appears with its reason and its clock.
  const personal = page.locator("#q-personal_data");
  await personal.getByText("Answer", { exact: true }).click();
  await personal.getByRole("radio", { name: "Yes" }).check();
  await personal.getByLabel("Who said it?").fill("The payroll team");
  await personal.getByRole("button", { name: "Record" }).click();
  await authority.waitFor();
  assert.match(await authority.innerText(), /is controller of the data; .* personal data are affected\./);
  assert.match(await authority.innerText(), /72 h after/);
  await personal.waitFor({ state: "detached" }); // what was answered is not asked again
  const first = await due(authority);
  assert.equal((await owed("authority_gdpr"))[0].state, "open");
  await open(`/incidents/${ref}`);
  assert.match(await told(), /Deadlines .*\d+ dut(y|ies) added: .*notify Bayerisches Landesamt/);

  // The wizard: kinds of data, then a first verdict. The duty to tell the authority goes, and says why.
  await open(`/incidents/${ref}/assess?step=data`);
  await page.getByLabel("Contact", { exact: true }).check();
  await page.getByRole("group", { name: "Row 1" }).getByLabel("Country").fill("DE");
  await page.getByRole("group", { name: "Row 1" }).getByLabel("Estimate").fill("120");
  await page.getByRole("button", { name: "Save and go on" }).click();
  await page.waitForURL("**/assess?step=protection");
  const verdict = async (/** @type {string | RegExp} */ name, /** @type {string} */ why) => {
    await open(`/incidents/${ref}/assess?step=verdict`);
    await page.getByRole("radio", { name }).check();
    await page.getByLabel("Why?", { exact: true }).fill(why);
    await page.getByRole("button", { name: "Record the verdict" }).click();
    await page.waitForURL(`**${law}`);
  };
  await verdict("A risk is unlikely", "Nobody but payroll opened the folder");
  // It would end a duty that only two may waive: until counsel agrees, nothing falls away.
  assert.match(await words(page, ".law"), /The verdict is not yet confirmed\. Until it is, no duty falls away because of it\./);
  assert.equal(await authority.count(), 1);
  const legal = await visit(t, server, { as: "Beatrix Hohenfels" });
  await legal.open(`/incidents/${ref}/assess?step=verdict`);
  const opinion = legal.page.locator("form").filter({ hasText: "Why?" }).filter({ has: legal.page.getByRole("radio", { name: /^I agree|^Yes/ }) });
  await opinion.getByRole("radio", { name: /^I agree|^Yes/ }).check();
  await opinion.getByLabel("Why?", { exact: true }).fill("The log of the folder shows payroll alone");
  await opinion.getByRole("button", { name: "Record your opinion" }).click();
  await legal.page.waitForFunction(async (path) => !(await (await fetch(path)).text()).includes("not yet confirmed"), law);
  await open(law);
  assert.doesNotMatch(await words(page, ".law"), /not yet confirmed/);
  assert.equal(await authority.count(), 0);
  await page.locator("#authorities").getByText(/Not required: \d+/).click();
  assert.match(await words(page, "#authorities"), /risk to the persons[^.]*unlikely/i);
  const gone = (await owed("authority_gdpr"))[0];
  assert.equal(gone.state, "withdrawn");
  assert.match(gone.remark, /risk/);
  await open(`/incidents/${ref}`);
  assert.match(await told(), /Deadlines [^:]*:\d\d 1 withdrawn: notify Bayerisches Landesamt.{0,60}\(Not required: exempt: a risk to the persons was found to be unlikely/);

  // A second verdict: it is owed again with the time it had, and the persons come in.
  await verdict("A high risk", "The bank details were opened by a stranger");
  await authority.waitFor();
  assert.match(await persons.innerText(), /high risk to the persons was found/);
  assert.equal(await due(authority), first, "the clock did not start anew");
  assert.match(await words(page, ".law"), /DE\s+120/, "the table by country");
  await open(`/incidents/${ref}`);
  assert.match(await told(), /\d+ dut(y|ies) added: .*1 dut(y|ies) owed again: notify Bayerisches Landesamt/);

  // The rule opens with its source, its dates and how sure it is.
  await open(law);
  await authority.getByRole("link", { name: "The authority" }).click();
  await page.waitForURL("**/rules/eu-gdpr-33-1");
  assert.match(await words(page), /From 25 May 2018.*Text read/s);

  // Counsel's own reading comes in. A wrong pack changes nothing; the right one moves one deadline.
  v.expect(/status of 422/);
  counsel("1", "48");
  await open("/rules");
  const anew = page.getByRole("button", { name: "Read the packs anew" });
  await anew.click();
  await page.getByText(/counsel\.yaml:\d+/).first().waitFor();
  await open(law);
  assert.match(await authority.innerText(), /72 h after/, "those in force stay");
  counsel("1", "48 h");
  await open("/rules");
  await anew.click();
  await page.getByText("The new packs are in force.").first().waitFor();
  await page.waitForFunction(async (path) => (await (await fetch(path)).text()).includes("came in on"), law);
  await open(law);
  assert.match(await authority.innerText(), /48 h after/);
  assert.match(await authority.innerText(), /Your own rule/);
  assert.equal(first - await due(authority), 24 * 3_600_000);
  const came = await words(page, ".law-col section:has(#packs), .law-col .card:last-child");
  assert.match(came, /Counsel 1 came in on .*read anew by Jonas Wiesinger/);
  assert.match(came, /Moved: Notify Bayerisches Landesamt.*Was due .*now due/);

  // The duty's basis names the pack, and the timeline says in one entry what moved, from when to when.
  const duty = (await owed("authority_gdpr"))[0];
  assert.deepEqual([duty.basis.pack, duty.basis.own, duty.basis.plan], ["counsel 1", true, duty.basis.plan]);
  await open(`/incidents/${ref}/duties/${duty.id}`);
  assert.match(await words(page), /eu-gdpr-33-1 counsel 1 Your own rule/);
  await open(`/incidents/${ref}`);
  const entry = page.locator("#timeline li").filter({ hasText: "New rule packs" });
  assert.equal(await entry.count(), 1);
  assert.match(await entry.innerText(), /Counsel 1, read anew by Jonas Wiesinger: .*1 due time moved: notify Bayerisches Landesamt .*→/s);

  // The decision not to tell is recorded from there, with reason and person, and stands beside the duty.
  const chief = await visit(t, server, { as: "Helene Brandstetter" });
  await chief.open(law);
  const there = chief.page.locator("[id='o-eu-gdpr-34-lumenhof-gmbh']");
  await there.getByRole("link", { name: "Decide not to tell" }).click();
  await chief.page.waitForURL("**/decisions?*rule=eu-gdpr-34*");
  assert.equal(await chief.page.locator("select[name=rule]").inputValue(), "eu-gdpr-34");
  const form = chief.page.locator("form").filter({ has: chief.page.locator("select[name=rule]") });
  await form.getByLabel("Why?").fill("The bank made the details worthless within the hour");
  await form.getByRole("button").last().click();
  await chief.page.getByText("The bank made the details worthless").last().waitFor();
  await chief.open(law);
  assert.match(await there.innerText(), /Decided not to tell by Helene Brandstetter, .*The bank made the details worthless/);
});
