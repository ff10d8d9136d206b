// How the bar looks. It stands in a closed shadow root, which a page's style sheets do not reach; and of important
// declarations for the same element those inside win, so that the page cannot restyle the host either.
export const BAR_STYLE = `
:host {
  all: initial !important;
  display: block !important;
  position: fixed !important;
  inset: 0 !important;
  z-index: 2147483647 !important;
  direction: ltr !important;
  pointer-events: none !important;
  user-select: none !important;
}
.frame { --fill: var(--fill-light); --ink: var(--ink-light); --edge: var(--edge-light); }
@media (prefers-color-scheme: dark) {
  .frame { --fill: var(--fill-dark); --ink: var(--ink-dark); --edge: var(--edge-dark); }
}
@media print { :host { display: none !important; } }
[hidden] { display: none !important; }

.edge {
  position: absolute;
  inset: 0;
  border: 0 solid var(--fill);
  border-top-width: 3px;
  box-shadow: inset 0 1px var(--edge);
}
.loud .edge { border-width: 5px; box-shadow: inset 0 0 0 1px var(--edge); }

.foot {
  position: absolute;
  bottom: 0;
  left: 50%;
  translate: -50%;
  display: flex;
  flex-direction: column;
  align-items: center;
  gap: 6px;
  max-width: calc(100% - 24px);
  color: var(--ink);
  font: 500 13px/1.2 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
  font-variant-numeric: tabular-nums;
}
.bar {
  box-sizing: border-box;
  display: flex;
  align-items: center;
  gap: 14px;
  max-width: 100%;
  min-height: 28px;
  padding: 2px 4px 2px 14px;
  border: 1px solid var(--edge);
  border-bottom: 0;
  border-radius: 10px 10px 0 0;
  background: var(--fill);
  box-shadow: 0 1px 8px rgb(0 0 0 / .28);
  white-space: nowrap;
}
.loud .bar { min-height: 36px; padding-inline: 6px; font-size: 14px; }

/* Who gives way: first the organization, then the role, then the name. Between them the factors are so far apart that
   the next does not lose a fraction of a pixel, which would already cost it two letters for an ellipsis. */
.bar > span { overflow: hidden; text-overflow: ellipsis; unicode-bidi: isolate; flex: 0 1 auto; }
.bar > .name { min-width: 3ch; font-weight: 700; font-size: 1.08em; }
.bar > .id, .bar > .time, .bar > .sessions { flex-shrink: 0; }
.bar > .role { flex-shrink: 1e5; min-width: 3ch; }
.bar > .organization { flex-shrink: 1e9; min-width: 3ch; }
.bar > .label {
  flex-shrink: 0;
  max-width: 24ch;
  padding: 3px 10px;
  border-radius: 6px;
  background: var(--ink);
  color: var(--fill);
  font-weight: 800;
  letter-spacing: .06em;
}
.bar > .pressing { flex-shrink: 0; padding: 1px 7px; border: 2px solid var(--ink); border-radius: 6px; font-weight: 800; }

button {
  all: unset;
  box-sizing: border-box;
  flex: none;
  min-width: 24px;
  min-height: 24px;
  padding: 2px 10px;
  border-radius: 7px;
  font: inherit;
  font-weight: 700;
  text-align: center;
  pointer-events: auto;
  cursor: pointer;
}
.renew { background: var(--ink); color: var(--fill); }
.fold { padding: 2px 4px; }
.fold svg { display: block; margin: auto; width: 14px; height: 14px; fill: none; stroke: currentColor; stroke-width: 2; }
.folded .fold svg { rotate: 180deg; }
button:hover { box-shadow: inset 0 0 0 1px currentColor; }
button:focus-visible { outline: 2px solid var(--ink); outline-offset: 1px; box-shadow: inset 0 0 0 1px var(--fill); }
button[aria-disabled="true"] { cursor: default; opacity: .85; }

.folded .bar { gap: 4px; min-height: 26px; padding: 1px 4px; }
.folded .bar > :not(.label, .pressing, .renew, .fold) { display: none; }

.trouble {
  max-width: 60ch;
  padding: 8px 14px;
  border: 1px solid var(--edge);
  border-radius: 10px;
  background: var(--fill);
  box-shadow: 0 2px 12px rgb(0 0 0 / .35);
  line-height: 1.4;
  overflow-wrap: anywhere;
}
.spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

@media (max-width: 920px) { .bar { gap: 10px; } .bar > .organization { display: none; } }
@media (max-width: 780px) { .bar > .sessions { display: none; } }
@media (max-width: 660px) { .bar > .id { display: none; } .bar > .label { max-width: 14ch; } }
@media (max-width: 480px) { .bar { gap: 6px; } .bar > .role { display: none; } }

@media (forced-colors: active) {
  .edge { forced-color-adjust: none; box-shadow: none; }
  .bar, .trouble { border: 2px solid CanvasText; box-shadow: none; }
  .bar > .label, .bar > .pressing, .renew { border: 1px solid CanvasText; }
  .fold svg { stroke: ButtonText; }
  button:focus-visible { outline-color: Highlight; }
}
`;
