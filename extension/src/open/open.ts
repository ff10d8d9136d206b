// The page that sealed links lead to.
import { ask } from "../shared/messages.ts";
import { run } from "./page.ts";

void run(window, ask);
