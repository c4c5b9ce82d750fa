// Every screen in one table: a new screen is one line here. The tests of look and access walk it, and compare it with
// the menu and with every link that a person finds.

import { desk } from "./desk.mjs";

/**
 * @typedef {object} Screen
 * @property {string} path with the places {…} that `world` fills
 * @property {string} as name of the person of the demo company who looks at it; "" before signing in
 * @property {string} [wide] name of its picture in docs/images, as it looks on a wide screen
 * @property {string} [phone] the same on a phone
 */

const manager = "Jonas Wiesinger", admin = "Petra Lindqvist", reporter = "Liam Prendergast", writer = "Hugh Carrick", counsel = "Beatrix Hohenfels", liaison = "Saskia Reuter";

/** @type {Screen[]} */
export const screens = [
  { path: "/sign-in", as: "" },
  { path: "/demo", as: "" },
  { path: "/", as: manager, wide: "now", phone: "now-phone" },
  { path: "/?show=closed", as: manager },
  { path: "/?show=drills", as: manager },
  { path: "/report", as: reporter, phone: "report-phone" },
  { path: "/declare", as: manager },
  { path: "/reports", as: reporter },
  { path: "/reports/{report}", as: manager },
  { path: "/triage", as: manager },
  { path: "/triage/{alert}", as: manager },
  { path: "/triage/{report}", as: manager },
  { path: "/deadlines", as: manager, wide: "deadlines" },
  { path: "/deadlines?view=recipient", as: manager },
  { path: "/deadlines?view=holder", as: manager },
  { path: "/incidents/{incident}", as: manager, wide: "room", phone: "room-phone" },
  { path: "/incidents/{incident}?as_of={then}", as: manager },
  { path: "/incidents/{drill}", as: manager },
  { path: "/incidents/{incident}/grade", as: manager },
  { path: "/incidents/{incident}/sitrep", as: manager },
  { path: "/incidents/{incident}/close", as: manager },
  { path: "/incidents/{incident}/edit", as: manager },
  { path: "/incidents/{incident}/decisions", as: "Helene Brandstetter" },
  { path: "/incidents/{incident}/duties/{duty}", as: manager },
  { path: "/notices", as: counsel },
  { path: "/incidents/{incident}/notices", as: writer },
  { path: "/incidents/{incident}/notices/new", as: writer },
  { path: "/incidents/{incident}/notices/{sent}", as: writer },
  { path: "/incidents/{incident}/notices/{sent}/recipients", as: writer },
  { path: "/incidents/{incident}/notices/{sent}/recipients/{recipient}", as: writer },
  { path: "/incidents/{incident}/notices/{sent}/sending", as: writer },
  { path: "/incidents/{incident}/notices/{sent}/sending/letters", as: writer },
  { path: "/incidents/{incident}/notices/{sent}/sending/letters?all=1", as: manager },
  { path: "/incidents/{incident}/notices/{sent}/sending/calls", as: writer },
  { path: "/incidents/{incident}/notices/{asked}", as: counsel, wide: "notice" },
  { path: "/incidents/{incident}/notices/{draft}", as: writer },
  { path: "/incidents/{incident}/notices/{draft}/text", as: writer },
  { path: "/incidents/{incident}/notices/{draft}/text?lang=en&view=preview", as: writer },
  { path: "/incidents/{incident}/notices/{draft}/text?lang=en&view=checks", as: writer },
  { path: "/incidents/{incident}/notices/{draft}/text?lang=en&view=compare", as: writer },
  { path: "/incidents/{incident}/notices/{draft}/text?add=1", as: writer },
  { path: "/incidents/{incident}/notices/{draft}/settings", as: writer },
  { path: "/incidents/{incident}/notices/{draft}/recipients", as: writer },
  { path: "/incidents/{incident}/notices/{draft}/columns/{columns}", as: writer },
  { path: "/incidents/{incident}/notices/{draft}/sending", as: writer },
  { path: "/customers/mine", as: liaison },
  { path: "/n/{letter}", as: "" },
  { path: "/incidents/{incident}/contacts", as: manager },
  { path: "/incidents/{incident}/contacts/new?side=law_enforcement&step=out", as: manager },
  { path: "/incidents/{incident}/contacts/new?side=media&step=in", as: manager },
  { path: "/incidents/{incident}/contacts/{contact}", as: manager },
  { path: "/incidents/{incident}/files", as: manager },
  { path: "/incidents/{incident}/filings", as: manager },
  { path: "/incidents/{filed}/filings", as: "Helene Brandstetter" },
  { path: "/incidents/{filed}/filings/1", as: manager },
  { path: "/incidents/{filed}/filings/1/copy", as: manager },
  { path: "/incidents/{filed}/filings/1/print", as: manager },
  { path: "/incidents/{filed}/filings/1/versions", as: manager },
  { path: "/incidents/{incident}/signals", as: manager },
  { path: "/incidents/{incident}/merge", as: manager },
  { path: "/incidents/{incident}/facts/scope", as: manager },
  { path: "/incidents/{incident}/law", as: manager, wide: "law" },
  { path: "/incidents/{incident}/law?whole=1", as: "Helene Brandstetter" },
  { path: "/incidents/{incident}/assess?step=what", as: manager },
  { path: "/incidents/{incident}/assess?step=data", as: manager },
  { path: "/incidents/{incident}/assess?step=protection", as: manager },
  { path: "/incidents/{incident}/assess?step=consequences", as: manager },
  { path: "/incidents/{incident}/assess?step=score", as: manager },
  { path: "/incidents/{incident}/assess?step=verdict", as: manager },
  { path: "/incidents/{incident}/handover", as: manager },
  { path: "/incidents/{incident}/handover/{customer}", as: manager },
  { path: "/incidents/{incident}/handover/{customer}/{package}", as: manager },
  { path: "/rules", as: manager },
  { path: "/rules/{rule}", as: manager },
  { path: "/incidents/{incident}/facts/personal_data", as: manager },
  { path: "/incidents/{incident}/facts/harm", as: manager },
  { path: "/register", as: manager },
  { path: "/register/print", as: manager },
  { path: "/register/{breach}", as: manager },
  { path: "/ledger", as: manager },
  { path: "/ledger/entries", as: manager },
  { path: "/ledger/entries/{entry}", as: manager },
  { path: "/about", as: manager },
  { path: "/about/licences", as: manager },
  { path: "/about/licences/{licence}", as: manager },
  { path: "/plan", as: manager },
  { path: "/plan/history", as: manager },
  { path: "/plan/versions/{version}", as: manager },
  { path: "/plan/edit/{section}", as: manager },
  { path: "/plan/text", as: manager },
  { path: "/directory", as: manager },
  { path: "/directory/people", as: manager },
  { path: "/directory/people/{person}", as: manager },
  { path: "/directory/on-call", as: manager },
  { path: "/directory/on-call/{team}", as: manager },
  { path: "/directory/import", as: manager },
  { path: "/directory/new/{shelf}", as: manager },
  { path: "/directory/{shelf}", as: manager },
  { path: "/directory/{shelf}/{item}", as: manager },
  { path: "/directory/{shelf}/{item}/edit", as: manager },
  { path: "/directory/entities/{entity}/law", as: manager },
  { path: "/settings", as: admin },
  { path: "/settings/account", as: admin },
  { path: "/settings/people", as: admin },
  { path: "/settings/people/new", as: admin },
  { path: "/settings/people/{person}", as: admin },
  { path: "/settings/tokens", as: admin },
  { path: "/settings/mail", as: admin },
  { path: "/settings/outbox", as: manager },
  { path: "/settings/outbox/{message}", as: manager },
  { path: "/settings/jobs", as: admin },
  { path: "/settings/jobs/{job}", as: admin },
  { path: "/settings/health", as: admin },
  { path: "/settings/wake", as: manager },
  { path: "/search?q=key", as: manager },
  { path: "/nowhere", as: manager },
];

/**
 * What the places in the paths stand for. Incidents are made through the API, so that there is always one in which
 * everything is to be seen.
 * @param {import("./server.mjs").Server} server
 * @returns {Promise<Record<string, string>>}
 */
export async function world(server) {
  const api = server.api;
  const report = await api("POST", "/api/v1/reports", { title: "The portal shows plans of another company", service: "customer-portal", discovered_at: new Date().toISOString() });
  await api("POST", "/api/v1/alerts/alertmanager", {
    version: "4", status: "firing", receiver: "wakebell", groupKey: "g", externalURL: "http://monitor.lumenhof.example",
    alerts: [{
      status: "firing", labels: { alertname: "ManyFailedSignIns", severity: "critical", service: "identity", instance: "id-2" },
      annotations: { summary: "900 failed sign-ins in five minutes", description: "Most of them from two networks." },
      startsAt: new Date().toISOString(), endsAt: "0001-01-01T00:00:00Z", fingerprint: "c0ffee00c0ffee00",
    }],
  });
  const signals = (await api("GET", "/api/v1/signals?limit=50")).items;
  const alert = signals.find((/** @type {any} */ s) => s.kind === "alert");
  const made = await api("POST", "/api/v1/incidents", {
    title: "Plans of other customers visible in the portal", summary: "Two customers saw a plan that is not theirs.", service: "customer-portal",
  });
  const command = (/** @type {string} */ type, /** @type {object} */ more = {}) => api("POST", `/api/v1/incidents/${made.ref}/commands`, { type, ...more });
  await server.forward("3m");
  const then = new Date(Date.now() + 60_000).toISOString().slice(0, 16);
  await command("note", { text: "Both saw the plan named “Q4 rollout”. The cache in front of the portal answers with the wrong key." });
  await command("confirm");
  await command("grade", { severity: 1, bil: 1, reason: "Customer data were seen by strangers" });
  await command("add_task", { text: "Switch the cache off", owner: "portal-lead" });
  const filed = await filing(server), told = await notices(server, made.ref);
  await api("POST", `/api/v1/incidents/${made.ref}/contacts`, {
    side: "law_enforcement", step: "out", channel: "phone", name: "Police Munich", subject: "Reported what is missing", text: "They ask for the logs of Friday.",
    why: "Legal could not be reached",
  });
  await api("POST", `/api/v1/incidents/${made.ref}/contacts`, {
    side: "media", step: "in", channel: "email", name: "Morgenblatt", subject: "Is it true that plans were open?",
    due_at: new Date(Date.parse(made.declared_at) + 7_200_000).toISOString(),
  });
  const customer = (await api("GET", `/api/v1/incidents/${made.ref}/handovers`)).items[0].customer;
  await api("POST", `/api/v1/incidents/${made.ref}/handovers/${customer}`, {});
  const job = /\/settings\/jobs\/([\w-]+)/.exec(await (await desk(server, "it-operation")).read("/settings/jobs"))?.[1] ?? "";
  const drill = await api("POST", "/api/v1/incidents", { title: "Exercise: ransomware on the file server", kind: "drill", service: "platform-core" });
  const duties = (await api("GET", `/api/v1/incidents/${made.ref}/duties`)).items;
  const duty = duties.find((/** @type {any} */ d) => d.state === "open");
  return { ...told, job, contact: "1", customer, package: "1", report: report.id, alert: alert.id, incident: made.ref, filed, drill: drill.ref, duty: duty.id, person: "analyst", then, entry: "5", licence: "1", rule: "eu-gdpr-33-1", version: "1", section: "inside", team: "platform", shelf: "services", item: "customer-portal", entity: "lumenhof-gmbh", breach: (await breaches(server)), message: (await api("GET", "/api/v1/outbox?limit=1")).items[0].id };
}

/** @param {import("./server.mjs").Server} server @returns {Promise<string>} an incident with an authority's form begun */
async function filing(server) {
  const made = await server.api("POST", "/api/v1/incidents", { title: "Personnel files open to all staff", service: "platform-core" });
  const fact = (/** @type {string} */ name, /** @type {any} */ value, /** @type {object} */ more = {}) =>
    server.api("POST", `/api/v1/incidents/${made.ref}/commands`, { type: "record_fact", fact: name, value, ...more });
  await fact("personal_data", "yes");
  await fact("cause", "A group was renamed");
  await fact("scope", { entities: ["lumenhof-gmbh"], processings: ["Employees"], data_kinds: ["salaries"], persons: [{ country: "DE", min: 38, estimate: 38, max: 38 }] });
  const wanted = (await server.api("GET", `/api/v1/incidents/${made.ref}/filings-wanted`)).items;
  await server.api("POST", `/api/v1/incidents/${made.ref}/filings`, { duty: wanted[0].duty.id });
  return made.ref;
}

/**
 * Notices of an incident: one that key accounts were sent, one that waits for a yes and one that is written.
 * @param {import("./server.mjs").Server} server @param {string} ref
 * @returns {Promise<Record<string, string>>}
 */
async function notices(server, ref) {
  const hugh = await desk(server, "communications-2"), list = `/incidents/${ref}/notices`;
  const sent = await hugh.send(`${list}/new`, "start", { audience: "customer", subject: "What happened to your plans", body: "Some of your plans were visible to others.\n\nYou need not do anything. The latest stands on your page: {{recipient.link}}" });
  await hugh.send(`${sent}/settings`, "settings", { channels: "email", second: "phone", second_after_hours: "24" });
  await hugh.send(`${sent}/recipients`, "add", { who: "customer", key: "1" });
  const lines = { name: "by-post.csv", text: 'name;contact;phone;postal;lang;channel;plans\nNordwind GmbH;Nora Nord;;"Am Markt 1\n80331 München";de;letter;3\nSouthern Ltd;Sam South;;"1 High Street\nLondon SW1A 1AA";en;letter;12\nCallers Inc;Carl Call;+49 30 111;"2 Low Street\nLeeds LS1 1AA";en;phone;1\n' };
  await hugh.upload(`${sent}/recipients`, "import", lines, { do: "add" });
  await hugh.send(`${sent}/recipients`, "sign");
  await hugh.send(sent, "submit");
  for (const person of ["counsel", "chief-executive"]) await (await desk(server, person)).send(sent, "approve");
  await hugh.send(sent, "release", { late_reason: "The contacts were looked for" });
  const asked = await hugh.send(`${list}/new`, "start", { audience: "press", subject: "A statement", body: "Some plans were visible to others.", voluntary: "1" });
  await hugh.send(asked, "submit");
  const draft = await hugh.send(`${list}/new`, "start", { audience: "data_subject" });
  const columns = await hugh.upload(`${draft}/recipients`, "import", { name: "Kunden.csv", text: "Firma;E-Mail;Land;Pläne\nNordwind GmbH;nora@nordwind.example;DE;3\nKaputt AG;nowhere;DE;1\nSouthern Ltd;sam@southern.example;Great Britain!;12\n" }, { do: "columns" });
  const recipients = (await server.api("GET", `/api/v1${sent}/recipients`)).items;
  const end = Date.now() + 20_000;
  const letter = () => server.letters.map((l) => /\/n\/([\w-]+)/.exec(l.replace(/=\r\n/g, ""))?.[1]).find((t) => t) ?? "";
  while (!letter() && Date.now() < end) await new Promise((again) => { setTimeout(again, 100); });
  const no = (/** @type {string} */ path) => path.split("/").at(-1) ?? "";
  return { sent: no(sent), asked: no(asked), draft: no(draft), columns: no(columns), recipient: recipients[0].id, letter: letter() };
}

/** @param {import("./server.mjs").Server} server @returns {Promise<string>} an incident of the breach register */
async function breaches(server) {
  const { items } = await server.api("GET", "/api/v1/register?limit=1");
  return items[0].ref;
}

/**
 * The places in the paths for pictures: nothing is added to the demo's story.
 * @param {import("./server.mjs").Server} server
 * @returns {Promise<Record<string, string>>}
 */
export async function story(server) {
  const { items } = await server.api("GET", "/api/v1/incidents?limit=50");
  const shown = items.find((/** @type {any} */ i) => i.title === "Unknown account exported customers' planning records");
  if (!shown) throw new Error("the story of the demo has no incident for the pictures any more: name another in screens.mjs");
  return { incident: shown.ref, asked: "1" };
}

/** @param {string} path @param {Record<string, string>} places */
export const fill = (path, places) => path.replace(/\{(\w+)\}/g, (_, name) => {
  const value = places[name];
  if (!value) throw new Error(`nothing stands for {${name}} in ${path}`);
  return value;
});

/**
 * The line of the table for an address, "" when there is none. One fact stands for all of them.
 * @param {string} pathname
 */
export const lineOf = (pathname) => screens.find(({ path }) =>
  new RegExp("^" + (/** @type {string} */ (path.split("?")[0])).replace(/\{\w+\}/g, "[^/]+").replace(/\/facts\/.*/, "/facts/[^/]+") + "$").test(pathname))?.path ?? "";
