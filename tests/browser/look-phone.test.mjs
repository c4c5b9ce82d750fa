// Every screen at 390 px in light and dark, and at 320 px without scrolling sidewise; see look.mjs.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { leave, phone, visit } from "./browser.mjs";
import { look, none, sidewise } from "./look.mjs";
import { fill, screens, world } from "./screens.mjs";
import { start } from "./server.mjs";

/** @type {import("./server.mjs").Server} */
let server;
/** @type {Record<string, string>} */
let places;
before(async () => { server = await start({ mail: true }); places = await world(server); });
after(async () => { await leave(); await server.stop(); });

for (const as of new Set(screens.map((s) => s.as))) {
  test(`phone, as ${as || "a stranger"}`, async (t) => {
    const v = await visit(t, server, { as, phone: true });
    v.expect(/status of 404/);
    const wrong = [];
    for (const s of screens.filter((x) => x.as === as)) {
      await v.open(fill(s.path, places));
      wrong.push(...await look(v.page, s.path));
      for (const width of [phone.width, 320]) {
        await v.page.setViewportSize({ width, height: phone.height });
        const out = await sidewise(v.page);
        if (out) wrong.push(`${s.path} at ${width} px is ${out}`);
      }
      await v.page.setViewportSize(phone);
    }
    none(wrong);
  });
}

test("phone, with the menu open", async (t) => {
  const v = await visit(t, server, { as: "Jonas Wiesinger", phone: true }), { page } = v;
  await v.open("/");
  await page.getByRole("button", { name: "Menu" }).tap();
  await page.getByRole("navigation", { name: "Main" }).waitFor();
  none(await look(page, "menu"));
  await page.setViewportSize({ width: 320, height: 700 });
  assert.equal(await sidewise(page), "");
});
