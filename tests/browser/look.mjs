// The checks of how a page looks, run for wide screens and for phones in two files, so that two cores share them:
// axe finds nothing in light and in dark, and a phone of 320 px scrolls downwards only.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * Runs axe. It comes in through the debugger: the policy of the page lets no foreign script in.
 * @param {import("playwright-core").Page} page
 * @returns {Promise<string[]>} what is wrong, one line each
 */
export async function violations(page) {
  const wire = await page.context().newCDPSession(page);
  /** @param {string} expression */
  const run = async (expression) => {
    const { result, exceptionDetails } = await wire.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  };
  if (!await run("typeof axe === 'object'")) await run(axe + "\n;0");
  /** @type {{ id: string, help: string, nodes: { target: string[], failureSummary: string }[] }[]} */
  const found = JSON.parse(await run("axe.run(document, { resultTypes: ['violations'] }).then((r) => JSON.stringify(r.violations))"));
  await wire.detach();
  return found.flatMap((f) => f.nodes.map((n) => `${f.id}: ${n.target.join(" ")}: ${n.failureSummary.split("\n").slice(1).join(" ").trim() || f.help}`));
}

/**
 * Looks at the page as it stands, in light and in dark.
 * @param {import("playwright-core").Page} page
 * @param {string} name what to call it
 * @returns {Promise<string[]>}
 */
export async function look(page, name) {
  const wrong = [];
  for (const scheme of /** @type {const} */ (["light", "dark"])) {
    await page.emulateMedia({ colorScheme: scheme });
    wrong.push(...(await violations(page)).map((w) => `${name} (${scheme}) ${w}`));
  }
  await page.emulateMedia({ colorScheme: "light" });
  return wrong;
}

/**
 * @param {import("playwright-core").Page} page
 * @returns {Promise<string>} what sticks out sidewise, "" when nothing does
 */
export function sidewise(page) {
  return page.evaluate(() => {
    const wide = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= wide) return "";
    const out = [...document.body.querySelectorAll("*")].filter((e) => 
      // What runs out of a box need not make the box wider.
      e.getBoundingClientRect().right > wide + 1 || e.scrollWidth > e.clientWidth + 1 && e.getBoundingClientRect().left + e.scrollWidth > wide + 1 && getComputedStyle(e).overflowX === "visible");
    return `${document.documentElement.scrollWidth} px wide: ${out.slice(-3).map((e) => `${e.localName}.${e.className}`).join(", ")}`;
  });
}

/** @param {string[]} wrong */
export const none = (wrong) => assert.equal(wrong.length, 0, `${wrong.length} found:\n${wrong.join("\n")}`);
