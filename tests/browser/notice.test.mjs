// The policies' story of notices through the screens: a confirmed incident of BIL 1 with personal data of 214 customers
// with different contracts. Communications write, legal sends back, legal and an executive on a phone approve, a few
// are told first, then all; one copy bounces and goes to the second contact; a customer confirms without script; an
// update goes to the same; the authority gets its form and a follow-up; the register shows it. The same story by API:
// tests/script/notice_story.txtar.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { leave, visit, words } from "./browser.mjs";
import { sidewise } from "./look.mjs";
import { start } from "./server.mjs";

/** @type {import("./server.mjs").Server} */
let server;
before(async () => { server = await start({ bare: true, mail: true }); });
after(async () => { await leave(); await server.stop(); });

/** @typedef {import("./browser.mjs").Visitor} Visitor */

const people = 214;

// What customers and we agreed about telling: hours, start, condition, acknowledgement, clause.
const agreements = [
  ["plain", "", "", "", "", ""], ["aware12", "12", "aware", "personal_data", "no", "DPA section 7"],
  ["ack24", "24", "discovered", "any", "yes", "MSA annex 4"], ["aware36", "36", "aware", "any", "no", "DPA article 9"],
  ["sure72", "72", "discovered", "confirmed", "no", "Order form section 12"], ["sure24", "24", "confirmed", "any", "no", "Security schedule 6"],
];

/** @returns {Promise<string>} reference of an incident that concerns all of them */
async function breach() {
  const ids = [], lines = ["id,name,country,language,entity,contract_hours,contract_start,contract_condition,acknowledge,clause,personal_data_role,liaison,contact_name,contact_email"];
  for (let n = 0; n < people; n++) {
    const [kind = "", ...rest] = agreements[n % agreements.length] ?? [], no = Math.floor(n / agreements.length) + 1, id = `${kind}-${String(no).padStart(3, "0")}`;
    ids.push(id);
    lines.push([id, `Customer ${id}`, ["DE", "FR", "IE"][n % 3], ["en", "de"][n % 2], "lumenhof-gmbh", ...rest, "controller", "key-account-1", `Security ${id}`, `security@${id}.example`].join());
    if (no === 1) lines.push(`${id},,,,,,,,,,,,Privacy ${id},privacy@${id}.example`);
  }
  const answer = await fetch(`${server.url}/api/v1/directory/import?format=csv`, {
    method: "POST", body: lines.join("\n") + "\n", headers: { "Content-Type": "text/csv", Authorization: `Bearer ${server.token}` },
  });
  const got = await answer.json();
  assert.equal(got.created, people, JSON.stringify(got.errors));
  const { ref } = await server.api("POST", "/api/v1/incidents", { title: "Export of the portal read", service: "customer-portal" });
  const command = (/** @type {string} */ type, /** @type {object} */ more = {}) => server.api("POST", `/api/v1/incidents/${ref}/commands`, { type, ...more });
  const fact = (/** @type {string} */ name, /** @type {unknown} */ value, /** @type {object} */ more = {}) => command("record_fact", { fact: name, value, ...more });
  await command("grade", { severity: 1, bil: 1, reason: "Customers' data left" });
  await command("confirm");
  await fact("aware", new Date().toISOString(), { entity: "lumenhof-gmbh" });
  await fact("personal_data", "yes");
  await fact("risk", "risk", { entity: "lumenhof-gmbh" });
  await fact("cause", "A token was left in a public repository");
  await fact("what_happened", "Somebody read an export of the portal.");
  await fact("scope", {
    entities: ["lumenhof-gmbh"], processings: ["Employees", "Customer planning data"], services: ["customer-portal"], customers: ids,
    data_kinds: ["names", "e-mail"], persons: [{ country: "DE", min: 120, estimate: 120, max: 120 }],
  });
  return ref;
}

/**
 * Presses a button of the page and waits until the page says what came of it.
 * @param {Visitor} v @param {string | RegExp} name @param {string | RegExp} said
 */
async function press(v, name, said) {
  await v.page.locator("main").getByRole("button", { name, exact: typeof name === "string" }).click();
  await v.page.getByText(said).filter({ visible: true }).first().waitFor();
}

/** @param {Visitor} v @param {string} selector @param {RegExp} what */
async function reads(v, selector, what) {
  const end = Date.now() + 20_000;
  for (;;) {
    const text = await words(v.page, selector).catch(() => "");
    if (what.test(text)) return text;
    assert.ok(Date.now() < end, `${selector} says: ${text}\nwanted: ${what}`);
    await v.page.waitForFunction(([s, t]) => document.querySelector(s ?? "")?.textContent !== t, [selector, text], { timeout: 2000 }).catch(() => {});
  }
}

/** A letter without the line ends of its encoding. @param {string} raw */
const unfolded = (raw) => raw.replace(/=\r\n/g, "").replace(/=3D/g, "=").replace(/\r\n[ \t]/g, " ");

/**
 * Letters that were sent to an address, as their words.
 * @param {string} to @param {RegExp} what
 * @returns {Promise<string>}
 */
async function letter(to, what) {
  const end = Date.now() + 20_000;
  for (;;) {
    const found = server.letters.map(unfolded).find((text) => text.includes(to) && what.test(text));
    if (found) return found;
    assert.ok(Date.now() < end, `no letter to ${to} says ${what}; there are ${server.letters.length}`);
    await new Promise((again) => { setTimeout(again, 50); });
  }
}

/** @param {Visitor} v @param {string} name */
async function unfold(v, name) {
  const fold = v.page.locator("main details").filter({ has: v.page.locator("summary", { hasText: name }) }).first();
  if (!await fold.evaluate((e) => /** @type {HTMLDetailsElement} */ (e).open)) await fold.locator("summary").first().click();
}

/** @param {Visitor} v @param {string} name */
async function follow(v, name) {
  await v.page.locator("main").getByRole("link", { name, exact: true }).first().click();
}

/** @param {string} ref @param {RegExp} key @returns {Promise<Record<string, number>>} how many duties of that key stand how */
async function duties(ref, key) {
  /** @type {Record<string, number>} */
  const out = {};
  for (let cursor = "", more = true; more;) {
    const part = await server.api("GET", `/api/v1/incidents/${ref}/duties?limit=200&cursor=${encodeURIComponent(cursor)}`);
    for (const d of part.items) if (key.test(d.key) && d.state !== "withdrawn") out[d.state] = (out[d.state] ?? 0) + 1;
    cursor = part.next ?? "";
    more = cursor !== "";
  }
  return out;
}

/** Fills every needed answer of an authority's form that the record does not have. @param {Visitor} v */
async function answer(v) {
  const { page } = v, form = page.locator("form[data-form^='answers']");
  for (let n = 0; n < 30; n++) {
    if (/Complete/.test(await words(page, "#progress .card-h"))) return;
    for (const field of await form.locator(".fld").all()) {
      if (/\(optional\)/.test(await field.innerText())) continue;
      const select = field.locator("select"), text = field.locator("input:not([type=checkbox]):not([type=hidden]), textarea"), box = field.locator("input[type=checkbox]");
      if (await select.count()) { if (!await select.inputValue()) await select.selectOption({ index: 1 }); }
      else if (await text.count()) {
        if (await text.first().inputValue()) continue;
        const type = await text.first().getAttribute("type");
        await text.first().fill(type === "datetime-local" ? "2026-11-22T08:00" : type === "date" ? "2026-11-22" : "As recorded");
      } else if (await box.count() && !await field.locator("input:checked").count()) await box.first().check();
    }
    await form.getByRole("button", { name: "Save and go on" }).click();
    await page.getByText("Saved.", { exact: true }).filter({ visible: true }).or(page.locator("[data-errors]")).first().waitFor();
    assert.equal(await page.locator("[data-errors]").count(), 0, await words(page));
  }
}

/** Copies of a notice that were sent. @param {RegExp} subject */
const copies = (subject) => server.letters.map(unfolded).filter((l) => /^Message-ID: <n\./im.test(l) && subject.test(l));
const recipient = (/** @type {string} */ text) => /^To: .*?([\w.-]+@[\w.-]+)/m.exec(text)?.[1] ?? "";

test("the story of a notice, from the draft to the register", async (t) => {
  const began = performance.now(), step = (/** @type {string} */ name) => t.diagnostic(`${((performance.now() - began) / 1000).toFixed(1)} s: ${name}`);
  const ref = await breach(), list = `/incidents/${ref}/notices`, one = `${list}/1`;
  const hugh = await visit(t, server, { as: "Hugh Carrick" }), ines = await visit(t, server, { as: "Ines Cordeiro" });
  const beatrix = await visit(t, server, { as: "Beatrix Hohenfels" }), helene = await visit(t, server, { phone: true });
  step("214 customers are affected");

  // Communications begin with the template.
  await hugh.open(list);
  await reads(hugh, "#owed", /Customers 428 duties to 214/);
  await hugh.page.getByRole("link", { name: "Start a notice to customers" }).click();
  await hugh.page.getByRole("button", { name: "Start the draft" }).click();
  await hugh.page.waitForURL(`**${one}`);
  assert.match(await reads(hugh, "#words", /Somebody read an export of the portal/), /To nobody yet/);

  // As one recipient reads it, and what the law wants in it: what is missing gets its reason.
  await follow(hugh, "Edit the text");
  await follow(hugh, "Preview");
  await hugh.page.getByLabel("As it is read by").selectOption({ label: "Customer ack24-002" });
  await hugh.page.locator("#html-h").getByText("first information for Customer ack24-002").waitFor();
  await hugh.page.getByRole("link", { name: /^Checks/ }).click();
  await reads(hugh, "main", /Art\. 33\(2\) wants in it 0 of 1 Open What the controller needs/);
  await unfold(hugh, "Say where it is said");
  await hugh.page.getByLabel("Why not yet").check();
  await hugh.page.getByLabel(/^Words/).fill("The consequences are still being assessed");
  await press(hugh, "Keep", "Kept.");
  await reads(hugh, "main", /1 of 1 Not yet .*because: The consequences are still being assessed/);
  step("a draft, previewed and checked");

  // A few first; those affected are found, and somebody of communications answers for the list.
  await hugh.open(`${one}/settings`);
  await hugh.page.getByLabel("Send to so many first").fill("5");
  await press(hugh, "Save", "Saved.");
  await hugh.open(one);
  await follow(hugh, "Choose the recipients");
  await press(hugh, "Add", "214 added");
  await reads(hugh, "#stand", /214 will be told. The list is not signed off/);
  await hugh.open(one);
  await ines.open(`${one}/recipients`);
  await press(ines, "Sign the list off", "Any change of the list voids it");
  await press(hugh, "Submit for approval", "Those whose yes is needed were told");
  step("submitted");

  // Legal sends it back; the next version shows what is new.
  await beatrix.open("/notices");
  await beatrix.page.getByRole("link", { name: `Read it: Notice 1 to customers` }).click();
  await unfold(beatrix, "Send it back");
  await beatrix.page.getByLabel("What must change?").fill("Say what customers should do");
  await press(beatrix, "Send it back", "Those who wrote it were told");
  await reads(hugh, "#words", /Beatrix Hohenfels sent it back: Say what customers should do/);
  await letter("hugh.carrick@", /Say what customers should do/);
  await follow(hugh, "Write a new version");
  const body = hugh.page.getByLabel("Text", { exact: true }), old = "At this moment there is nothing that you need to do. We will write to you if that changes.";
  await body.fill((await body.inputValue()).replace(old, "Change the passwords of your users."));
  await press(hugh, "Save and check", "It must be submitted before it can be released");
  await follow(hugh, "Differences");
  await reads(hugh, "#before", /sent back by Beatrix Hohenfels.*nothing that you need to do.*Change the passwords of your users/);
  await hugh.open(one);
  await press(hugh, "Submit for approval", "Those whose yes is needed were told");

  // Legal's page has the new version by itself. An executive comes from the mail, on a phone, and has to sign in.
  await reads(beatrix, "#was", /since Beatrix Hohenfels sent it back.*Change the passwords of your users/);
  await press(beatrix, "Approve", "for exactly these bytes");
  const asked = await letter("helene.brandstetter@", /your approval is asked/);
  assert.doesNotMatch(asked, /export of the portal|passwords/, "what is not released stands in no mail");
  await helene.open(new URL(/http:\S+\/notices\/1/.exec(asked)?.[0] ?? "").pathname);
  assert.match(helene.page.url(), /\/sign-in\?/);
  await helene.page.getByRole("button", { name: /Helene Brandstetter/ }).tap();
  await helene.page.waitForURL(`**${one}`);
  assert.match(await reads(helene, "main", /Your yes counts as executive/), /To 214 recipients\. E-mail\. 5 first.*Legal Yes Beatrix Hohenfels/);
  assert.equal(await sidewise(helene.page), "");
  await helene.page.getByRole("link", { name: "Decide" }).tap();
  await helene.page.getByRole("button", { name: "Approve", exact: true }).tap();
  await reads(helene, "main", /Executive Yes Helene Brandstetter/);
  step("legal and an executive approved");

  // A few first, then a person looks, then the rest.
  await ines.open(one);
  await press(ines, "Release", "Released.");
  await follow(ines, "Follow the sending");
  await reads(ines, "#stand", /Waits for your go-on: 5 of 214 told/);
  assert.equal(copies(/first information/).length, 5);
  assert.deepEqual(await duties(ref, /^customer:/), { open: people }, "the first are those whose contract wants a word back");
  await press(ines, "Go on", "It goes on");
  await reads(ines, "#stand", /Sent: 214 of 214 told, 0 waiting, 0 did not arrive/);
  assert.equal(new Set(copies(/first information/).map(recipient)).size, people);
  step("all told");
  const ack = 36, all = { open: ack, met: people - ack };
  assert.deepEqual(await duties(ref, /^customer:/), all, "whose contract wants a word back is not met by sending");

  // A customer opens the page of their own without script, and confirms.
  const mailed = copies(/first information/).find((l) => recipient(l) === "security@ack24-002.example") ?? "";
  const customer = await visit(t, server, { script: false });
  await customer.open(new URL(/http:\S+\/n\/[\w-]+/.exec(mailed)?.[0] ?? "").pathname);
  const shown = await words(customer.page, "body");
  assert.match(shown, /first information for Customer ack24-002.*Change the passwords of your users.*What Article 33\(3\) GDPR asks for/);
  assert.doesNotMatch(shown, /plain-0|aware12/, "nobody else stands on it");
  await customer.page.getByRole("button", { name: "We have the notice" }).click();
  await customer.page.getByText(/You confirmed|confirmed/i).first().waitFor();
  assert.deepEqual(await duties(ref, /^customer:/), { open: ack - 1, met: people - ack + 1 });
  await reads(ines, "#course", /Acknowledged 1/);
  step("acknowledged");

  // One copy comes back: the second contact is written to.
  const petra = await visit(t, server, { as: "Petra Lindqvist" });
  await petra.open("/settings/tokens");
  await petra.page.getByLabel("What it is for").fill("Mailbox of bounces");
  await petra.page.getByLabel("Reporter").check();
  await petra.page.getByRole("button", { name: "Make the token" }).click();
  const secret = (await petra.page.getByText(/^wbl_/).first().innerText()).trim();
  const lost = copies(/first information/).find((l) => recipient(l) === "security@plain-001.example") ?? "";
  const came = await fetch(`${server.url}/api/v1/bounces`, {
    method: "POST", headers: { "Content-Type": "application/json", Authorization: `Bearer ${secret}` },
    body: JSON.stringify({ kind: "bounce", action: "failed", status: "5.1.1", diagnostic: "no such user", recipient: "security@plain-001.example", message_id: /^Message-ID: (<[^>]*>)/im.exec(lost)?.[1] }),
  });
  assert.equal(came.status, 200, await came.text());
  await letter("privacy@plain-001.example", /first information/);
  await ines.open(`${one}/recipients`);
  const plain = ines.page.getByRole("link", { name: "Customer plain-001", exact: true }), further = ines.page.getByRole("link", { name: "Show more" });
  for (let n = 0; n < 5 && !await plain.count(); n++) {
    const rows = await ines.page.locator("#recipients tbody tr").count();
    await further.click();
    await ines.page.waitForFunction((r) => document.querySelectorAll("#recipients tbody tr").length > (r ?? 0), rows);
  }
  await plain.click();
  await reads(ines, "main", /Sent, E-mail, privacy@plain-001\.example.*no such user/);
  step("the second way");

  // More is known: the update goes to exactly those who got the first notice.
  await server.api("POST", `/api/v1/incidents/${ref}/commands`, { type: "record_fact", fact: "contained", value: new Date().toISOString() });
  await hugh.open(one);
  await follow(hugh, "Write an update");
  await hugh.page.getByLabel("Subject").fill("Update of {{incident.reference}}");
  await hugh.page.getByLabel(/^Text/).fill("Dear {{recipient.name}},\n\nthis follows our notice of {{notice.earlier}}. The leak was closed on {{incident.contained}}.\n\nAll notices are on [your page]({{recipient.link}}).");
  await hugh.page.getByRole("button", { name: "Start the draft" }).click();
  const two = `${list}/2`;
  await hugh.page.waitForURL(`**${two}`);
  await reads(hugh, "main", /To 214 recipients.*Follows Notice 1/);
  await hugh.open(`${two}/settings`); // of the first notice's settings it has the channels alone
  assert.equal(await hugh.page.getByLabel("Send to so many first").inputValue(), "", "an update has the plan's number, not the first notice's");
  await hugh.page.getByLabel("Send to so many first").fill("5");
  await press(hugh, "Save", "Saved.");
  await hugh.open(two);
  await ines.open(`${two}/recipients`);
  await press(ines, "Sign the list off", "Any change of the list voids it");
  await press(hugh, "Submit for approval", "Those whose yes is needed were told");
  await beatrix.open(two);
  await press(beatrix, "Approve", "for exactly these bytes");
  await helene.open(two);
  await helene.page.getByRole("button", { name: "Approve", exact: true }).tap();
  await reads(helene, "main", /Executive Yes Helene Brandstetter/);
  await ines.open(two);
  await press(ines, "Release", "Released.");
  await follow(ines, "Follow the sending");
  await reads(ines, "#stand", /Waits for your go-on: 5 of 214 told/);
  await press(ines, "Go on", "It goes on");
  await reads(ines, "#stand", /Sent: 214 of 214 told/);
  const got = copies(/Update of/).map(recipient);
  assert.equal(got.length, people);
  assert.ok(got.includes("privacy@plain-001.example") && !got.includes("security@plain-001.example"), "it goes where the first one arrived");
  await customer.page.reload();
  assert.match(await words(customer.page, "body"), /Update of INC.*The leak was closed.*first information/);
  step("the update");

  // The authority's form, and its follow-up.
  const jonas = await visit(t, server, { as: "Jonas Wiesinger" }), ruth = await visit(t, server, { as: "Ruth Nakamura" });
  await jonas.open(`/incidents/${ref}/filings`);
  const forms = jonas.page.getByLabel("Form", { exact: true });
  const ours = (await forms.locator("option").allInnerTexts()).find((o) => o.endsWith("(ours)")) ?? "";
  await forms.selectOption({ label: ours });
  await jonas.page.getByRole("button", { name: "Fill it in from the record" }).click();
  const filed = `/incidents/${ref}/filings/1`, next = `/incidents/${ref}/filings/2`;
  await jonas.page.waitForURL(`**${filed}`);
  await answer(jonas);
  await press(jonas, "Hand in for approval", "Handed in for approval.");
  await ruth.open(filed);
  await press(ruth, "Approve", "Approved.");
  step("the form is filled in and approved");

  // Each answer is copied into the authority's portal by its button.
  await jonas.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await jonas.open(`${filed}/copy`);
  const copy = jonas.page.getByRole("button", { name: /^Copy / }), many = await copy.count();
  assert.ok(many > 3, `${many} buttons`);
  for (const button of [copy.first(), copy.last()]) {
    const value = await button.getAttribute("data-copy");
    await button.click();
    await jonas.page.waitForFunction((v) => navigator.clipboard.readText().then((x) => x.replace(/\r\n/g, "\n") === v), value);
  }
  await jonas.open(filed);
  await jonas.page.getByLabel(/^Number the authority gave/).fill("BAY-2026-77");
  await press(jonas, "It was filed", "The duty is met");
  await reads(jonas, "#side", /As it was filed.*By Jonas Wiesinger.*Receipt BAY-2026-77/);
  await jonas.page.getByRole("button", { name: /^Begin: / }).first().click();
  await jonas.page.waitForURL(`**${next}`);
  await answer(jonas);
  await press(jonas, "Hand in for approval", "Handed in for approval.");
  await ruth.open(next);
  await press(ruth, "Approve", "Approved.");
  await jonas.page.getByLabel(/^Number the authority gave/).fill("BAY-2026-78");
  await press(jonas, "It was filed", "kept as it was filed");
  step("the form and its follow-up are filed");

  // The register has all of it.
  await ruth.open(`/register/${ref}`);
  const breached = await words(ruth.page);
  for (const what of ["A token was left in a public repository", "BAY-2026-77", "BAY-2026-78", "Customer plain-001", "Customer ack24-036"]) assert.ok(breached.includes(what), `the register lacks ${what}: ${breached.slice(0, 3000)}`);
  await jonas.open(`/incidents/${ref}`);
  await reads(jonas, "#timeline", /BAY-2026-78|filed/);
  step("the register");
});
