// Every screen at 1440 px in light and dark; see look.mjs.
import { after, before, test } from "node:test";
import { leave, visit } from "./browser.mjs";
import { look, none } from "./look.mjs";
import { fill, screens, world } from "./screens.mjs";
import { start } from "./server.mjs";

/** @type {import("./server.mjs").Server} */
let server;
/** @type {Record<string, string>} */
let places;
before(async () => { server = await start({ mail: true }); places = await world(server); });
after(async () => { await leave(); await server.stop(); });

for (const as of new Set(screens.map((s) => s.as))) {
  test(`wide, as ${as || "a stranger"}`, async (t) => {
    const v = await visit(t, server, { as });
    v.expect(/status of 404/);
    const wrong = [];
    for (const s of screens.filter((x) => x.as === as)) {
      await v.open(fill(s.path, places));
      wrong.push(...await look(v.page, s.path));
    }
    none(wrong);
  });
}

test("wide, while something is open", async (t) => {
  const v = await visit(t, server, { as: "Jonas Wiesinger" }), { page } = v;
  v.expect(/status of 422/);
  const wrong = [];
  await v.open(`/incidents/${places.incident}`);
  for (const fold of await page.locator("main details > summary").all()) if (await fold.isVisible()) await fold.click();
  wrong.push(...await look(page, "room with everything unfolded"));
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog", { name: "Search or go to" }).waitFor();
  wrong.push(...await look(page, "palette"));
  await v.open("/declare");
  await page.locator("form[data-form=declare]").evaluate((f) => f.setAttribute("novalidate", ""));
  await page.getByRole("button", { name: "Declare and start the clocks" }).click();
  await page.locator("[data-errors]").waitFor();
  wrong.push(...await look(page, "form with errors"));
  none(wrong);
});

test("the conflict of two edits", async (t) => {
  const v = await visit(t, server, { as: "Jonas Wiesinger" }), { page } = v;
  v.expect(/status of 409/);
  await v.open(`/incidents/${places.incident}/edit`);
  await server.api("POST", `/api/v1/incidents/${places.incident}/commands`, { type: "edit", title: "Plans of others visible", summary: "Written meanwhile" });
  await page.getByLabel("What we know").fill("Written here");
  await page.locator("form[data-form=edit] button").last().click();
  await page.locator("[data-errors]").waitFor();
  none(await look(page, "conflict"));
});
