/** The look of the camera, as text: adopted by a document or shadow root, and written into `styles.css` by the build. */

const LIGHT = `
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
    color-scheme: light;`

const DARK = `
    --unspoof-accent: #6cb2ff;
    --unspoof-on-accent: #06182b;
    --unspoof-surface: #1a222c;
    --unspoof-panel: #1a222c;
    --unspoof-text: #eef3f8;
    --unspoof-muted: #a9b7c5;
    --unspoof-border: #34414f;
    --unspoof-good: #6fd3a1;
    --unspoof-bad: #ff9a91;
    color-scheme: dark;`

const RULES = `
  .unspoof {
    box-sizing: border-box;
    position: relative;
    width: 100%;
    max-width: var(--unspoof-width);
    color: var(--unspoof-text);
    font: 400 16px/1.45 var(--unspoof-font);
  }
  .unspoof *, .unspoof *::before { box-sizing: border-box; }
  .unspoof:focus { outline: none; }
  .unspoof-stage {
    position: relative;
    /* Narrower where the window is low, as on a phone that lies: the oval keeps its shape and its place. */
    aspect-ratio: 3 / 4;
    width: min(100%, max(54vh, 180px));
    margin-inline: auto;
    container-type: inline-size;
    display: grid;
    /* Not hidden: the panel may make it higher where its words need more room. */
    overflow: clip;
    border-radius: var(--unspoof-radius);
    background: var(--unspoof-panel);
    border: 1px solid var(--unspoof-border);
  }
  @media (max-height: 640px) {
    /* Words need width, not the shape of a face. */
    .unspoof-stage:has(> .unspoof-panel) { width: 100%; aspect-ratio: auto; min-height: max(72vh, 260px); }
    .unspoof-stage > .unspoof-panel { padding-block: 8px; }
  }
  .unspoof-video { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: cover; background: #0c1117; }
  .unspoof-video[hidden] { display: none; }
  .unspoof-video[data-mirrored] { transform: scaleX(-1); }
  .unspoof-oval { position: absolute; inset: 0; width: 100%; height: 100%; }
  .unspoof-shade { fill: var(--unspoof-shade); }
  .unspoof-track, .unspoof-bar, .unspoof-movement { fill: none; stroke-linecap: round; stroke-linejoin: round; }
  .unspoof-track { stroke: rgb(255 255 255 / 0.75); stroke-width: 0.8; }
  .unspoof-bar { stroke: #4fd08f; stroke-width: 1.8; transition: stroke-dasharray 200ms ease-out; }
  .unspoof-bar[stroke-dasharray^='0 '] { stroke: none; }
  .unspoof-track[data-fits] { stroke: #4fd08f; stroke-width: 1.2; }
  .unspoof-bar[data-busy] { animation: unspoof-nudge 1.2s ease-in-out infinite alternate; }
  .unspoof-movement { stroke: #ffffff; stroke-width: 1.6; animation: unspoof-nudge 1.2s ease-in-out infinite alternate; }
  .unspoof-movement[data-reached] { stroke: #4fd08f; animation: none; }
  .unspoof-reached { fill: none; stroke: #4fd08f; stroke-width: 1.4; transition: d 200ms ease-out; }
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
    min-width: 0;
    overflow-wrap: anywhere;
    display: flex;
    flex-direction: column;
    align-items: center;
    justify-content: center;
    gap: 8px;
    padding: clamp(12px, 8cqi, 32px);
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
  .unspoof-icon:is([data-name='camera'], [data-name='network'], [data-name='clock'], [data-name='warning']) { stroke: var(--unspoof-bad); background: color-mix(in srgb, var(--unspoof-bad) 14%, transparent); }
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
  .unspoof-button[aria-disabled='true'] { opacity: 0.65; cursor: default; }
  .unspoof-button[data-kind='quiet'], .unspoof-select {
    background: var(--unspoof-surface);
    color: var(--unspoof-text);
    border-color: var(--unspoof-border);
  }
  .unspoof-select { flex: 0 1 auto; min-width: 0; max-width: 55%; font-weight: 400; }
  .unspoof-button:focus-visible, .unspoof-select:focus-visible { outline: 3px solid var(--unspoof-accent); outline-offset: 2px; }
  .unspoof-announcer { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  @media (prefers-reduced-motion: reduce) {
    .unspoof-bar, .unspoof-reached { transition: none; }
    .unspoof-movement, .unspoof-bar[data-busy] { animation: none; }
  }
  @media (forced-colors: active) {
    .unspoof-button, .unspoof-select { border-color: ButtonText; }
  }`

/** For a page: the variables are on `.unspoof`. The last rules keep the place of an element whose script is still to come. */
export const PAGE_STYLES: string = `@layer unspoof {
  .unspoof {${LIGHT} }
  .unspoof[data-theme='dark'] {${DARK} }
  @media (prefers-color-scheme: dark) { .unspoof[data-theme='auto'] {${DARK} } }
${RULES}
  unspoof-liveness:not(:defined) { display: flow-root; width: 100%; max-width: var(--unspoof-width, 420px); aspect-ratio: 3 / 4; padding-block-end: 60px; box-sizing: content-box; }
  unspoof-liveness:not(:defined) > * { visibility: hidden; }
}
`

/** For the shadow root of the custom element: the variables are on the element, where a page sets its own. */
export const SHADOW_STYLES: string = `
  :host {${LIGHT} display: block; }
  :host([hidden]) { display: none; }
  :host([theme='dark']) {${DARK} }
  @media (prefers-color-scheme: dark) { :host(:not([theme='light'])) {${DARK} } }
${RULES}
`

const adopted = new WeakSet<Document | ShadowRoot>()

/**
 * Adds the style sheet once to the document or shadow root that `element` is in.
 * A constructed style sheet needs no `style-src 'unsafe-inline'`.
 */
export function adoptStyles(element: Node | null, css: string = PAGE_STYLES): void {
  const root = element?.getRootNode() as Document | ShadowRoot | undefined
  if (root === undefined || !('adoptedStyleSheets' in root) || adopted.has(root)) return
  adopted.add(root)
  // The sheet must be made by the window it is used in: a popup or an iframe has its own.
  const view = root.ownerDocument?.defaultView ?? (root as Document).defaultView
  const sheet = new (view ?? window).CSSStyleSheet()
  sheet.replaceSync(css)
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet]
}
