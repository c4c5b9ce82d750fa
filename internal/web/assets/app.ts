// The whole script of the screens. Every link and form works without it; it adds live regions, running clocks,
// posting in the background, drafts, the command palette and keys. Each part starts itself by being imported.
import "./clock";
import "./form";
import "./live";
import "./palette";
import "./list";
import "./reveal";
import "./tabs";
