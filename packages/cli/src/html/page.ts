/** The frame of every HTML file the tool writes: one file, no scripts, nothing fetched. */
import { escapeHtml } from './escape.ts'

const STYLE = `
:root{color-scheme:light dark;--line:#8884;--soft:#8881}
body{font:15px/1.5 system-ui,sans-serif;max-width:1180px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem}h2{margin-top:2.5rem;border-bottom:1px solid var(--line)}h3{margin-bottom:.3rem}
table{border-collapse:collapse;margin:.8rem 0;font-variant-numeric:tabular-nums;display:block;overflow-x:auto}
th,td{padding:.25rem .8rem .25rem 0;text-align:left;border-bottom:1px solid var(--line);vertical-align:top}
td.number{text-align:right}
figure{display:inline-block;margin:.5rem 1rem 0 0;max-width:calc(100% - 1rem);vertical-align:top}figcaption{font-size:.85rem;max-width:360px}
svg{width:360px;height:auto;max-width:100%;font:11px system-ui,sans-serif}svg text{fill:currentColor}
.grid{stroke:var(--line);stroke-width:.6}.mark{stroke:currentColor;stroke-dasharray:4 3}
img{max-width:100%;height:auto}img.pixel{image-rendering:pixelated;background:var(--soft)}
code{background:var(--soft);padding:.1rem .3rem;overflow-wrap:anywhere}
.note{background:var(--soft);border-left:4px solid #d55e00;padding:.4rem .8rem}
.key{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin-right:.4em}
`

/** @param body HTML that is already escaped. */
export function htmlPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${body}
</body>
</html>
`
}

/** A table of plain texts. */
export function htmlTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = columns.map((title) => `<th scope="col">${escapeHtml(title)}</th>`).join('')
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`).join('\n')
  return `<table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`
}

/** @param content HTML that is already escaped. */
export function htmlFigure(content: string, caption: string): string {
  return `<figure>${content}<figcaption>${escapeHtml(caption)}</figcaption></figure>`
}
