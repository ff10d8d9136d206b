// Which browser window a console opens in, and which account is a window's current one.

export interface Wish {
  /** The terminal that asks; null when it does not matter. */
  readonly terminal: string | null;
  /** The browser window that a page of ours asks for. */
  readonly windowId?: number;
}

export class Windows {
  /** The window to open in; null where the browser has none, so that one must be made. */
  async windowFor(wish: Wish): Promise<number | null> {
    const windows = await chrome.windows.getAll({ windowTypes: ["normal"] });
    const wished = windows.find((each) => each.id === wish.windowId);
    if (wished?.id !== undefined) return wished.id;
    const last = await chrome.windows.getLastFocused().catch(() => undefined); // there may be no window at all
    const best = windows.find((each) => each.focused) ?? windows.find((each) => each.id === last?.id) ?? windows[0];
    return best?.id ?? null;
  }

  /** A console was opened in `windowId` for `terminal`. */
  async opened(_windowId: number, _terminal: string | null): Promise<void> {}

  /** The terminal that the window belongs to. */
  async terminalOf(_windowId: number): Promise<string | null> {
    return null;
  }

  /** The profile that is a window's current account; null where none was chosen. */
  async currentOf(_windowId: number): Promise<string | null> {
    return null;
  }

  /** `profile` is the window's current account from now on. */
  async switched(_windowId: number, _profile: string): Promise<void> {}
}
