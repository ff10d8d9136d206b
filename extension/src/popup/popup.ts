// The popup: which account this tab is, and one field to any other. Opened by the toolbar's button or a shortcut.
import { browserDoors } from "./doors.ts";
import { byId } from "./elements.ts";
import { Switcher } from "./switcher.ts";

const TICK_MILLISECONDS = 10_000;

async function openPopup(): Promise<void> {
  const doors = await browserDoors();
  const switcher = new Switcher(document, doors);
  const shortcut = byId<HTMLButtonElement>(document, "shortcut");
  shortcut.hidden = false;
  shortcut.textContent = doors.shortcut || "Set a shortcut";
  shortcut.title = "The shortcut that opens this from anywhere; click to change it";
  shortcut.onclick = () => void doors.changeShortcut();
  setInterval(() => switcher.tick(), TICK_MILLISECONDS);
  await switcher.start();
}

openPopup().catch((error: unknown) => {
  const words = error instanceof Error ? error.message : String(error);
  const box = byId(document, "trouble");
  box.hidden = false;
  box.className = "notice bad";
  box.textContent = `The popup could not be opened: ${words}`;
});
