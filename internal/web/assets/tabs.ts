// On a phone a row of tabs is wider than the screen: the tab one is on is brought into view.
import { all } from "./base";

for (const on of all<HTMLElement>(".tabs [aria-current]")) {
  const row = on.parentElement!;
  row.scrollLeft = on.offsetLeft - row.offsetLeft - (row.clientWidth - on.offsetWidth) / 2;
}
