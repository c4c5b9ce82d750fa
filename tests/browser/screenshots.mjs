// Takes the pictures of docs/images from the demo company, each in light and dark: make screenshots. Which screens
// have one stands in screens.mjs. pngquant makes them small; together they must stay below a limit, because they stay
// in the repository for ever.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { leave, visit } from "./browser.mjs";
import { fill, screens, story } from "./screens.mjs";
import { root, start } from "./server.mjs";

const to = join(root, "docs/images");
const limit = 1_500_000; // bytes of all pictures

mkdirSync(to, { recursive: true });
const server = await start();
const places = await story(server);
/** @type {(() => Promise<void>)[]} */
const ends = [];
const here = { after: (/** @type {() => Promise<void>} */ fn) => { ends.push(fn); } };
const made = new Set();
try {
  for (const dark of [false, true]) {
    for (const phone of [false, true]) {
      /** @type {Map<string, import("./browser.mjs").Visitor>} */
      const people = new Map();
      for (const s of screens) {
        const name = phone ? s.phone : s.wide;
        if (!name) continue;
        let v = people.get(s.as);
        if (!v) {
          v = await visit(here, server, { as: s.as, phone, dark, options: phone ? { deviceScaleFactor: 2 } : { viewport: { width: 1280, height: 800 } } });
          people.set(s.as, v);
        }
        await v.open(fill(s.path, places));
        await v.page.evaluate(() => document.fonts.ready);
        const file = join(to, `${name}-${dark ? "dark" : "light"}.png`);
        await v.page.screenshot({ path: file, animations: "disabled", caret: "hide" });
        execFileSync("pngquant", ["--force", "--strip", "--speed", "1", "--quality", "60-90", "--output", file, "64", file]);
        made.add(`${name}-${dark ? "dark" : "light"}.png`);
      }
    }
  }
  for (const end of ends) await end();
} finally {
  await leave();
  await server.stop();
}
// A picture that no screen names any more goes.
let sum = 0;
for (const f of readdirSync(to)) {
  if (f.endsWith(".png") && !made.has(f)) rmSync(join(to, f));
  else sum += statSync(join(to, f)).size;
}
console.log(`${made.size} pictures in docs/images, ${(sum / 1000).toFixed(0)} kB`);
if (sum > limit) throw new Error(`the pictures take ${sum} bytes, more than ${limit}`);
