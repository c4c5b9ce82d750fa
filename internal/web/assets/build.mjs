// Builds the browser's part into internal/web/dist: style and script bundled and minified, fonts, one sprite of
// icons, each under a name with the hash of its content, beside it as brotli and as gzip, and manifest.json that
// names them. Also writes the typed constants of the icons for Go. Run by `make assets`.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../../..");
const dist = join(here, "../dist");
const modules = join(root, "node_modules");

const hash = (b) => createHash("sha256").update(b).digest("base64url").replace(/[-_]/g, "").slice(0, 10);
const names = {};
const kept = new Set([".keep", "manifest.json"]);
const put = (name, body) => {
  const dot = name.lastIndexOf(".");
  names[name] = `${name.slice(0, dot)}.${hash(body)}${name.slice(dot)}`;
  const file = join(dist, names[name]);
  kept.add(names[name]);
  // The name holds the hash of the content: what is there is right. A server may be compiled meanwhile.
  if (!existsSync(file)) writeFileSync(file, body);
  if (name.endsWith(".woff2")) return;
  const size = Buffer.byteLength(body);
  const br = brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: size } });
  const gz = gzipSync(body, { level: 9 });
  for (const [suffix, packed] of [[".br", br], [".gz", gz]]) {
    if (packed.length >= size) continue;
    kept.add(names[name] + suffix);
    if (!existsSync(file + suffix)) writeFileSync(file + suffix, packed);
  }
};

// Icons: an unknown one stops here, and one that is not listed has no constant in Go.
function icons() {
  const lucide = JSON.parse(readFileSync(join(modules, "@iconify-json/lucide/icons.json"), "utf8"));
  const list = readFileSync(join(here, "icons.txt"), "utf8").split("\n").map((l) => l.trim()).filter((l) => l && !l.startsWith("#"));
  const unknown = list.filter((n) => !lucide.icons[n] && !lucide.aliases?.[n]);
  if (unknown.length) throw new Error(`lucide has no icon ${unknown.join(", ")}: see icons.txt`);
  const bodyOf = (n) => (lucide.icons[n] ?? lucide.icons[lucide.aliases[n].parent]).body;
  // Stroke and its ends are set once, in the style sheet.
  const drawn = (n) => bodyOf(n).replace(/ (fill="none"|stroke="currentColor"|stroke-linecap="round"|stroke-linejoin="round"|stroke-width="2")/g, "")
    .replace(/^<g>([^]*)<\/g>$/, "$1");
  put("icons.svg", `<svg xmlns="http://www.w3.org/2000/svg">${list.map((n) => `<symbol id="${n}" viewBox="0 0 24 24">${drawn(n)}</symbol>`).join("")}</svg>`);
  const constant = (n) => "Icon" + n.split("-").map((w) => w[0].toUpperCase() + w.slice(1)).join("");
  const width = Math.max(...list.map((n) => constant(n).length));
  const go = `// Code generated from internal/web/assets/icons.txt; DO NOT EDIT.

package page

// IconName is one icon of the sprite. Only the constants below exist.
type IconName string

// The icons.
const (
${list.map((n) => `\t${constant(n).padEnd(width)} IconName = "${n}"`).join("\n")}
)
`;
  const file = join(here, "../page/icon_gen.go");
  let old = "";
  try { old = readFileSync(file, "utf8"); } catch { /* first build */ }
  if (old !== go) writeFileSync(file, go);
}

const fonts = { latin: "latin", "latin-ext": "latin-ext", cyrillic: "cyrillic", greek: "greek" };
for (const f of Object.keys(fonts)) {
  put(`inter-${f}.woff2`, readFileSync(join(modules, `@fontsource-variable/inter/files/inter-${f}-wght-normal.woff2`)));
}
put("favicon.svg", readFileSync(join(here, "favicon.svg"), "utf8").trim());
icons();

const out = await build({
  entryPoints: [join(here, "app.css"), join(here, "app.ts")],
  bundle: true, minify: true, write: false, outdir: dist, format: "iife", target: ["es2022", "chrome123", "firefox125", "safari17.5"],
  legalComments: "none", external: ["/a/*"], nodePaths: [modules], charset: "utf8",
});
for (const f of out.outputFiles) {
  let text = f.text;
  const name = f.path.endsWith(".css") ? "app.css" : "app.js";
  for (const [plain, hashed] of Object.entries(names)) text = text.replaceAll(`/a/${plain}`, `/a/${hashed}`);
  put(name, text);
}
writeFileSync(join(dist, ".manifest"), JSON.stringify(names, null, 1) + "\n");
renameSync(join(dist, ".manifest"), join(dist, "manifest.json"));
// What another build left goes once nobody compiles it any more.
for (const f of readdirSync(dist)) {
  const file = join(dist, f);
  if (!kept.has(f) && existsSync(file) && Date.now() - statSync(file).mtimeMs > 1_200_000) rmSync(file, { force: true });
}

const size = (n) => { try { return statSync(join(dist, names[n] + ".br")).size; } catch { return statSync(join(dist, names[n])).size; } };
console.log(Object.keys(names).map((n) => `${n} ${(size(n) / 1000).toFixed(1)} kB`).join(", "));
