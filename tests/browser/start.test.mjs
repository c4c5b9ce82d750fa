// How people come in: the first run, wrong passphrases, and signing out everywhere. Policy 003: "All information
// concerning an incident is to be considered confidential".
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { leave, visit, words } from "./browser.mjs";
import { start } from "./server.mjs";

/** @type {import("./server.mjs").Server} */
let server;
before(async () => { server = await start({ command: "serve" }); });
after(async () => { await leave(); await server.stop(); });

const admin = { name: "Edda Thorvald", email: "edda@lumenhof.example", passphrase: "seven quiet lanterns drift" };

/**
 * @param {import("./browser.mjs").Visitor} v
 * @param {string} passphrase
 * @param {string} [email]
 */
async function signIn(v, passphrase, email = admin.email) {
  await v.page.getByLabel("E-mail address").fill(email);
  await v.page.getByLabel("Passphrase").fill(passphrase);
  await v.page.getByRole("button", { name: "Sign in" }).click();
}

test("first run: the printed link makes the first administrator", async (t) => {
  const v = await visit(t, server), { page } = v;
  await v.open("/");
  assert.match(page.url(), /\/sign-in$/);
  assert.match(await words(page), /Nobody can sign in yet/);

  const link = /(http:\S+\/welcome\/\S+)/.exec(server.said)?.[1];
  assert.ok(link, `no set-up link in:\n${server.said}`);
  await page.goto(link);
  await page.getByLabel("Your name").fill(admin.name);
  await page.getByLabel("E-mail address").fill(admin.email);
  await page.getByLabel("Time zone").fill("Europe/Berlin");

  // A passphrase that is too short costs nothing that was typed.
  v.expect(/status of 422/);
  await page.getByLabel("Passphrase", { exact: true }).fill("short");
  await page.getByRole("button", { name: "Create the account" }).click();
  const errors = page.locator("[data-errors]");
  await errors.waitFor();
  assert.match(await errors.innerText(), /15 characters/);
  assert.equal(await page.getByLabel("Your name").inputValue(), admin.name);
  assert.equal(await errors.evaluate((e) => e === document.activeElement), true, "the summary of errors has the focus");

  const field = page.getByLabel("Passphrase", { exact: true });
  await field.fill(admin.passphrase);
  await page.getByText("Show what I type").click();
  assert.equal(await field.getAttribute("type"), "text");
  await page.getByRole("button", { name: "Create the account" }).click();
  await page.waitForURL("**/settings/people");
  assert.match(await words(page), /Wakebell is set up/);
  assert.match(await words(page), new RegExp(admin.name));

  // The link works once.
  v.expect(/status of (404|410)/);
  const again = await v.open(link);
  assert.ok([404, 410].includes(again.status()), `the used link answers ${again.status()}`);
});

test("sign-in: wrong passphrases are slowed down, also for those who do not exist", async (t) => {
  const v = await visit(t, server), { page } = v;
  v.expect(/status of (422|429)/);
  const said = [];
  for (const email of [admin.email, "nobody@lumenhof.example"]) {
    await v.open("/sign-in");
    await signIn(v, "a wrong guess", email);
    await page.locator("[data-errors]").waitFor();
    const wrong = await page.locator("[data-errors]").innerText();
    // Guess on, out of sight, until the brake holds for longer than this test can take.
    let tries = 1, wait = 0;
    while (wait < 60 && tries < 40) {
      const answer = await page.request.post("/sign-in", { form: { email, passphrase: `wrong guess ${tries}` } });
      if (answer.status() !== 429) { tries++; continue; }
      assert.ok(tries >= 5, `only ${tries} attempts are free`);
      wait = Number(answer.headers()["retry-after"]);
      assert.ok(wait > 0, "Retry-After says how long");
      if (wait < 60) await server.forward(`${wait}s`);
    }
    assert.ok(wait >= 60, `after ${tries} wrong guesses the wait is ${wait} s`);

    // Now the true passphrase has to wait as well, or the brake would tell who guessed right.
    await signIn(v, admin.passphrase, email);
    await page.locator("[data-errors]").getByText(/Too many attempts/).waitFor();
    assert.equal(await page.getByLabel("E-mail address").inputValue(), email, "the address stays");
    assert.equal(await page.getByLabel("Passphrase").inputValue(), "", "the passphrase does not");
    said.push([wrong, (await page.locator("[data-errors]").innerText()).replace(/\d+ \w+/, "")]);
  }
  assert.deepEqual(said[0], said[1], "an unknown address sounds like a known one");

  await server.forward("16m");
  await signIn(v, admin.passphrase);
  await page.waitForURL((u) => u.pathname !== "/sign-in");
});

test("sign out everywhere else", async (t) => {
  const [laptop, borrowed] = [await visit(t, server), await visit(t, server)];
  for (const v of [laptop, borrowed]) {
    await server.forward("16m"); // the guesses of the test before slow this address down as well
    await v.open("/sign-in");
    await signIn(v, admin.passphrase);
    await v.page.waitForURL((u) => u.pathname !== "/sign-in");
  }
  await laptop.open("/settings/account");
  await laptop.page.getByRole("button", { name: "Sign out everywhere else" }).click();
  await laptop.page.getByRole("button", { name: "Sign out everywhere else" }).waitFor({ state: "detached" });

  await borrowed.open("/settings/account");
  assert.match(borrowed.page.url(), /\/sign-in/, "the other browser is out");
  await laptop.open("/settings/account");
  assert.match(laptop.page.url(), /\/settings\/account/, "this one is in");
  await laptop.page.getByRole("button", { name: "Sign out", exact: true }).click();
  await laptop.page.waitForURL("**/sign-in*");
  await laptop.open("/settings/account");
  assert.match(laptop.page.url(), /\/sign-in/);
});
