// Marks console pages with the account that they are of. Runs in every top page of the consoles' hosts, and shows
// nothing where the tab is of no session that Usher opened.
import { Marks } from "./marks.ts";

// Only pages: consoles also serve JSON and drawings at addresses of their own.
if (document.contentType === "text/html") new Marks(document).start();
