"""Tables as Markdown and as one page."""

from __future__ import annotations

import html
import subprocess
from pathlib import Path

TITLES = {
    'pooled': 'Worlds left out, pooled: each world and class counts the same',
    'worlds': 'World by world, worst first, at balanced',
    'older': 'Older sets, by the run without them',
    'quantisation': 'Quantisation',
}


def commit() -> str:
    """The commit the report was made at."""
    answer = subprocess.run(['git', 'rev-parse', '--short', 'HEAD'], capture_output=True, text=True, cwd=Path(__file__).parent, check=False)
    return answer.stdout.strip() or 'unknown'


def table_of(records: list[dict[str, object]]) -> str:
    """Any list of flat records as a Markdown table."""
    if not records:
        return ''
    keys = list(records[0])
    out = ['| ' + ' | '.join(keys) + ' |', '|' + '---|' * len(keys)]
    out += ['| ' + ' | '.join(str(r[k]) for k in keys) + ' |' for r in records]
    return '\n'.join(out)


def page(tables: dict[str, str]) -> str:
    """The same as one HTML page without scripts or foreign resources."""
    body = []
    for key, table in tables.items():
        if not table:
            continue
        lines = [[html.escape(c.strip()) for c in row.strip('|').split('|')] for row in table.split('\n')]
        head = ''.join(f'<th scope="col">{c}</th>' for c in lines[0])
        rest = ''.join('<tr>' + ''.join(f'<td>{c}</td>' for c in row) + '</tr>' for row in lines[2:])
        body.append(f'<h2>{html.escape(TITLES.get(key, key))}</h2><div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rest}</tbody></table></div>')
    style = 'body{font:16px/1.5 system-ui;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#222;background:#fff}table{border-collapse:collapse}th,td{padding:.3rem .7rem;border-bottom:1px solid #ddd;text-align:left}.wide{overflow-x:auto}@media(prefers-color-scheme:dark){body{background:#161616;color:#ddd}th,td{border-color:#444}}'
    return f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Liveness model report</title><style>{style}</style><h1>Liveness model report</h1><p>Commit {html.escape(commit())}.</p>{"".join(body)}</html>'


def refresh(readme: Path, tables: dict[str, str]) -> None:
    """Puts each table between `<!-- begin key -->` and `<!-- end key -->` of a README, so that no number is typed by hand."""
    text = readme.read_text()
    for key, table in tables.items():
        begin, end = f'<!-- begin {key} -->', f'<!-- end {key} -->'
        if begin not in text or end not in text:
            raise ValueError(f'Expected the marks {begin} and {end} in {readme}')
        head, rest = text.split(begin, 1)
        text = f'{head}{begin}\n\n{table}\n\n{end}{rest.split(end, 1)[1]}'
    readme.write_text(text)
