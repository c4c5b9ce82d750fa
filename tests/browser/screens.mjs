// Every screen in one table: a new screen is one line here. The tests of look and access walk it, and compare it with
// the menu and with every link that a person finds.

/**
 * @typedef {object} Screen
 * @property {string} path with the places {…} that `world` fills
 * @property {string} as name of the person of the demo company who looks at it; "" before signing in
 * @property {string} [wide] name of its picture in docs/images, as it looks on a wide screen
 * @property {string} [phone] the same on a phone
 */

const manager = "Jonas Wiesinger", admin = "Petra Lindqvist", reporter = "Liam Prendergast";

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
  { path: "/incidents/{incident}/files", as: manager },
  { path: "/incidents/{incident}/signals", as: manager },
  { path: "/incidents/{incident}/merge", as: manager },
  { path: "/incidents/{incident}/facts/scope", as: manager },
  { path: "/incidents/{incident}/law", as: manager },
  { path: "/incidents/{incident}/law?whole=1", as: "Helene Brandstetter" },
  { path: "/incidents/{incident}/assess?step=what", as: manager },
  { path: "/incidents/{incident}/assess?step=data", as: manager },
  { path: "/incidents/{incident}/assess?step=protection", as: manager },
  { path: "/incidents/{incident}/assess?step=consequences", as: manager },
  { path: "/incidents/{incident}/assess?step=score", as: manager },
  { path: "/incidents/{incident}/assess?step=verdict", as: manager },
  { path: "/incidents/{incident}/handover", as: manager },
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
  const drill = await api("POST", "/api/v1/incidents", { title: "Exercise: ransomware on the file server", kind: "drill", service: "platform-core" });
  const duties = (await api("GET", `/api/v1/incidents/${made.ref}/duties`)).items;
  const duty = duties.find((/** @type {any} */ d) => d.state === "open");
  return { report: report.id, alert: alert.id, incident: made.ref, drill: drill.ref, duty: duty.id, person: "analyst", then, entry: "5", licence: "1", rule: "eu-gdpr-33-1", version: "1", section: "inside", team: "platform", shelf: "services", item: "customer-portal", entity: "lumenhof-gmbh", breach: (await breaches(server)), message: (await api("GET", "/api/v1/outbox?limit=1")).items[0].id };
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
  return { incident: shown.ref };
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
