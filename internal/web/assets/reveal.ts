// A switch below a field for a passphrase shows what is typed. It appears only where this script runs. The text
// goes back to dots when the form is sent, so that no browser offers it as an ordinary word later.
import { all } from "./base";

const fieldOf = (sw: HTMLElement): HTMLInputElement | null =>
  sw.parentElement?.querySelector<HTMLInputElement>(`input[name="${sw.dataset.reveal}"]`) ?? null;

const start = (): void => all<HTMLElement>("[data-reveal]").forEach((sw) => (sw.hidden = false));
start();
new MutationObserver(start).observe(document.body, { childList: true, subtree: true });

document.addEventListener("change", (e) => {
  const box = e.target as HTMLInputElement, sw = box.closest?.<HTMLElement>("[data-reveal]");
  const field = sw && fieldOf(sw);
  if (field) field.type = box.checked ? "text" : "password";
});

document.addEventListener("submit", (e) => {
  for (const sw of all<HTMLElement>("[data-reveal]", e.target as HTMLElement)) {
    const field = fieldOf(sw);
    if (field) field.type = "password";
  }
}, true);
