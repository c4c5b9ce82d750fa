// People of the demo company at work without a browser: they sign in, read a page and send a form that stands on it,
// with what they typed. For what a token may not do, since only a person approves.

/**
 * @typedef {object} Desk
 * @property {(path: string) => Promise<string>} read the page
 * @property {(path: string, form: string, typed?: Record<string, string>) => Promise<string>} send a form of a page;
 *   answers with the address it leads to
 * @property {(path: string, form: string, file: { name: string, text: string }, typed?: Record<string, string>) => Promise<string>} upload
 *   send a form with a file in its field "file"
 */

/**
 * @param {import("./server.mjs").Server} server
 * @param {string} person id in the directory
 * @returns {Promise<Desk>}
 */
export async function desk(server, person) {
  /** @type {Map<string, string>} */
  const cookies = new Map();
  /** @param {string} path @param {Record<string, string>} [form] @param {{ name: string, text: string }} [file] */
  const ask = async (path, form, file) => {
    const parts = new FormData();
    if (file) for (const [k, v] of Object.entries(form ?? {})) parts.append(k, v);
    if (file) parts.append("file", new Blob([file.text], { type: "text/csv" }), file.name);
    const answer = await fetch(server.url + path, {
      method: form ? "POST" : "GET", redirect: "manual", headers: { Cookie: [...cookies].map(([k, v]) => `${k}=${v}`).join("; ") }, body: file ? parts : form && new URLSearchParams(form),
    });
    for (const set of answer.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      cookies.set(name, value);
    }
    const text = await answer.text();
    if (answer.status >= 400) {
      const said = /<div[^>]*data-errors[^>]*>([\s\S]*?)<\/div>/.exec(text)?.[1] ?? "";
      throw new Error(`${person} at ${path}: ${answer.status} ${said.replace(/<[^>]*>|\s+/g, " ").trim()}`);
    }
    return { text, to: answer.headers.get("Location") ?? "" };
  };
  /** @param {string} text */
  const plain = (text) => text.replaceAll("&amp;", "&").replaceAll("&#34;", '"').replaceAll("&#39;", "'").replaceAll("&lt;", "<").replaceAll("&gt;", ">");
  /** @type {Desk} */
  const at = {
    read: async (path) => (await ask(path)).text,
    send: (path, form, typed = {}) => fill(path, form, typed),
    upload: (path, form, file, typed = {}) => fill(path, form, typed, file),
  };
  /** @param {string} path @param {string} form @param {Record<string, string>} typed @param {{ name: string, text: string }} [file] */
  async function fill(path, form, typed, file) {
    const page = await at.read(path);
    for (const [, action = "", name, body = ""] of page.matchAll(/<form method="post" action="([^"]*)" data-form="([^"]*)"([\s\S]*?)<\/form>/g)) {
      if (name !== form) continue;
      const hidden = [...body.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(([, k = "", v = ""]) => [k, plain(v)]);
      return (await ask(plain(action), { ...Object.fromEntries(hidden), ...typed }, file)).to;
    }
    throw new Error(`${person} finds no form ${form} at ${path}`);
  }
  await ask("/demo", { person });
  return at;
}
