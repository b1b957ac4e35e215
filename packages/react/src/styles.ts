/** The look of <LivenessCamera/>, adopted by the document when it is first shown: no CSS file to forget, no inline style. */

const CSS = `
@layer unspoof {
  .unspoof {
    --unspoof-accent: #0b6bcb;
    --unspoof-on-accent: #ffffff;
    --unspoof-surface: #ffffff;
    --unspoof-panel: #f1f4f8;
    --unspoof-text: #14202e;
    --unspoof-muted: #51606f;
    --unspoof-border: #d5dce4;
    --unspoof-good: #16794c;
    --unspoof-bad: #b3261e;
    --unspoof-shade: rgb(9 14 20 / 0.6);
    --unspoof-radius: 16px;
    --unspoof-width: 420px;
    --unspoof-font: system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif;
    box-sizing: border-box;
    width: 100%;
    max-width: var(--unspoof-width);
    color: var(--unspoof-text);
    font: 400 16px/1.45 var(--unspoof-font);
    color-scheme: light;
  }
  .unspoof *, .unspoof *::before { box-sizing: border-box; }
  .unspoof:focus { outline: none; }
  .unspoof[data-theme='dark'] {
    --unspoof-accent: #6cb2ff;
    --unspoof-on-accent: #06182b;
    --unspoof-surface: #1a222c;
    --unspoof-panel: #1a222c;
    --unspoof-text: #eef3f8;
    --unspoof-muted: #a9b7c5;
    --unspoof-border: #34414f;
    --unspoof-good: #6fd3a1;
    --unspoof-bad: #ff9a91;
    color-scheme: dark;
  }
  @media (prefers-color-scheme: dark) {
    .unspoof[data-theme='auto'] {
      --unspoof-accent: #6cb2ff;
      --unspoof-on-accent: #06182b;
      --unspoof-surface: #1a222c;
      --unspoof-panel: #1a222c;
      --unspoof-text: #eef3f8;
      --unspoof-muted: #a9b7c5;
      --unspoof-border: #34414f;
      --unspoof-good: #6fd3a1;
      --unspoof-bad: #ff9a91;
      color-scheme: dark;
    }
  }
  .unspoof-stage {
    position: relative;
    /* Narrower where the window is low, as on a phone that lies: the oval keeps its shape and its place. */
    aspect-ratio: 3 / 4;
    width: min(100%, max(54vh, 180px));
    margin-inline: auto;
    container-type: inline-size;
    overflow: hidden;
    border-radius: var(--unspoof-radius);
    background: var(--unspoof-panel);
    border: 1px solid var(--unspoof-border);
  }
  @media (max-height: 640px) {
    /* Words need width, not the shape of a face. */
    .unspoof-stage:has(> .unspoof-panel) { width: 100%; aspect-ratio: auto; height: max(72vh, 260px); }
    .unspoof-stage > .unspoof-panel { padding-block: 8px; }
  }
  .unspoof-video { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: cover; background: #0c1117; }
  .unspoof-video[hidden] { display: none; }
  .unspoof-oval { position: absolute; inset: 0; width: 100%; height: 100%; }
  .unspoof-shade { fill: var(--unspoof-shade); }
  .unspoof-track, .unspoof-bar, .unspoof-movement { fill: none; stroke-linecap: round; stroke-linejoin: round; }
  .unspoof-track { stroke: rgb(255 255 255 / 0.75); stroke-width: 0.8; }
  .unspoof-bar { stroke: #4fd08f; stroke-width: 1.8; transition: stroke-dasharray 200ms ease-out; }
  .unspoof-bar[stroke-dasharray^='0 '] { stroke: none; }
  .unspoof-movement { stroke: #ffffff; stroke-width: 2; animation: unspoof-nudge 1.2s ease-in-out infinite alternate; }
  @keyframes unspoof-nudge { from { opacity: 0.45; } to { opacity: 1; } }
  .unspoof-hint {
    position: absolute;
    inset-inline: 16px;
    bottom: clamp(6px, 4cqi, 16px);
    margin: 0 auto;
    width: fit-content;
    max-width: calc(100% - 32px);
    padding: clamp(4px, 2cqi, 8px) clamp(8px, 4cqi, 16px);
    border-radius: 12px;
    background: rgb(9 14 20 / 0.9);
    color: #ffffff;
    font-size: clamp(13px, 5cqi, 17px);
    font-weight: 600;
    line-height: 1.35;
    text-align: center;
    text-wrap: balance;
  }
  .unspoof-panel {
    position: absolute;
    inset: 0;
    display: flex;
    flex-direction: column;
    align-items: center;
    justify-content: center;
    gap: 8px;
    padding: 32px;
    text-align: center;
  }
  .unspoof-icon {
    width: 72px;
    height: 72px;
    margin-block-end: 8px;
    padding: 16px;
    border-radius: 50%;
    fill: none;
    stroke: var(--unspoof-accent);
    stroke-width: 1.8;
    stroke-linecap: round;
    stroke-linejoin: round;
    background: color-mix(in srgb, var(--unspoof-accent) 14%, transparent);
  }
  .unspoof-icon[data-name='check'] { stroke: var(--unspoof-good); background: color-mix(in srgb, var(--unspoof-good) 14%, transparent); }
  .unspoof-icon[data-name='warning'] { stroke: var(--unspoof-bad); background: color-mix(in srgb, var(--unspoof-bad) 14%, transparent); }
  .unspoof-heading { margin: 0; font-size: 21px; font-weight: 650; line-height: 1.25; text-wrap: balance; }
  .unspoof-text { margin: 0; max-width: 34ch; color: var(--unspoof-muted); text-wrap: pretty; }
  .unspoof-controls { display: flex; flex-wrap: wrap; gap: 8px; margin-block-start: 12px; }
  .unspoof-button, .unspoof-select {
    min-height: 48px;
    padding: 10px 20px;
    border: 1px solid transparent;
    border-radius: calc(var(--unspoof-radius) * 0.75);
    font: inherit;
    font-weight: 600;
    cursor: pointer;
  }
  .unspoof-button { flex: 1 1 auto; background: var(--unspoof-accent); color: var(--unspoof-on-accent); }
  .unspoof-button:hover { filter: brightness(1.08); }
  .unspoof-button[data-kind='quiet'], .unspoof-select {
    background: var(--unspoof-surface);
    color: var(--unspoof-text);
    border-color: var(--unspoof-border);
  }
  .unspoof-select { flex: 0 1 auto; min-width: 0; max-width: 55%; font-weight: 400; }
  .unspoof-button:focus-visible, .unspoof-select:focus-visible { outline: 3px solid var(--unspoof-accent); outline-offset: 2px; }
  .unspoof-announcer { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  @media (prefers-reduced-motion: reduce) {
    .unspoof-bar { transition: none; }
    .unspoof-movement { animation: none; }
  }
  @media (forced-colors: active) {
    .unspoof-button, .unspoof-select { border-color: ButtonText; }
  }
}
`

const adopted = new WeakSet<Document | ShadowRoot>()

/** Once for each document or shadow root. A constructed style sheet needs no `style-src 'unsafe-inline'`. */
export function adoptStyles(element: Element | null): void {
  const root = element?.getRootNode() as Document | ShadowRoot | undefined
  if (root === undefined || !('adoptedStyleSheets' in root) || adopted.has(root)) return
  adopted.add(root)
  // The sheet must be made by the window it is used in: a popup or an iframe has its own.
  const view = root.ownerDocument?.defaultView ?? (root as Document).defaultView
  const sheet = new (view ?? window).CSSStyleSheet()
  sheet.replaceSync(CSS)
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet]
}
