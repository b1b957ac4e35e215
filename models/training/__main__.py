"""`python -m training <step>`, run from `models/`. Every step is cached: what is there is not made again."""

from __future__ import annotations

import argparse
import json
from dataclasses import fields, replace
from pathlib import Path

from .config import MODELS_DIR, Paths, default_shared, default_work

STEPS = ('prepare', 'simulate', 'contact-sheet', 'train', 'ablate', 'worlds', 'export', 'quantize', 'calibrate', 'report', 'perturb', 'finetune')



def say(text: str) -> None:
    print(text, flush=True)


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='python -m training', description=__doc__)
    parser.add_argument('step', choices=STEPS)
    parser.add_argument('--shared', type=Path, default=default_shared(), help='folder with data/ and models/ (teachers), default ../shared')
    parser.add_argument('--work', type=Path, default=default_work(), help='folder for caches, runs and reports')
    parser.add_argument('--data', type=Path, action='append', help='index CSV, CelebA-Spoof folder or folder with live/ and spoof/; may be repeated')
    parser.add_argument('--out', type=Path, default=None, help='model folder (export, quantize, card) or target of pictures (simulate, contact-sheet)')
    parser.add_argument('--run', default='final', help='name of the training run')
    parser.add_argument('--set', action='append', default=[], metavar='KEY=JSON', help='one field of the recipe, e.g. --set steps=3000')
    parser.add_argument('--scale', type=float, default=1.0, help='prepare: this many times the usual number of scenes')
    parser.add_argument('--processes', type=int, default=2)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--weights', type=Path, default=None, help='finetune: weights to start from')
    parser.add_argument('--mode', choices=('head', 'full'), default='full', help='finetune: last layer only, or everything')
    parser.add_argument('--steps', type=int, default=150, help='finetune: how many')
    parser.add_argument('--fold', type=int, default=None, help='worlds: make the run of this fold only')
    parser.add_argument('--only', action='append', default=[], help='ablate: names of runs')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = arguments(argv)
    paths = Paths(args.shared, args.work)
    sources: list[Path] = args.data or [f for f in (paths.data / 'index.csv', paths.data / 'worlds' / 'index.csv') if f.exists()]
    folder: Path = args.out or MODELS_DIR / 'unspoof-pad-1'
    step: str = args.step

    if step == 'finetune':
        from .finetune import finetune

        weights = args.weights or paths.runs / args.run / 'weights.pt'
        say(f'new weights: {finetune(sources[0], weights, paths, mode=args.mode, steps=args.steps, say=say)}')
        return
    if step == 'prepare':
        from .prepare import prepare

        prepare(sources, paths, scale=args.scale, seed=args.seed, processes=args.processes, say=say)
    if step in ('simulate', 'contact-sheet'):
        from .contact_sheet import contact_sheet, write_attacks
        from .index import read_any
        from .prepare import with_boxes

        rows = with_boxes([r for s in sources for r in read_any(s)], paths)
        if step == 'simulate':
            target = args.out or paths.work / 'simulated'
            say(f'{write_attacks(rows, target, seed=args.seed)} pictures in {target}')
        else:
            target = args.out or paths.work / 'contact-sheet.png'
            contact_sheet(rows, target, seed=args.seed)
            say(str(target))
    if step == 'train':
        from . import runs as training

        recipe = training.RUNS.get(args.run, training.Recipe(name=args.run))
        known = {f.name for f in fields(recipe)}
        for item in args.set:
            key, _, value = item.partition('=')
            if key not in known:
                raise SystemExit(f'Expected one of {sorted(known)} for --set but received {key}')
            value = json.loads(value)
            recipe = replace(recipe, **{key: tuple(value) if isinstance(value, list) else value})
        training.train_chain(recipe, paths, say)
    if step == 'perturb':
        from .calibrate import Calibration
        from .config import SPOOF
        from .index import read_any
        from .perturb import report
        from .prepare import with_boxes

        card = json.loads((folder / 'card.json').read_text())
        balanced = Calibration(card['calibration']['slope'], card['calibration']['offset']).spoof_margin(card['operatingPoints']['balanced']['threshold'])
        report([r for r in with_boxes([r for s in sources for r in read_any(s)], paths) if r.label == SPOOF], folder, -balanced, say)
    if step == 'ablate':
        from .ablate import ablate

        ablate(paths, say, tuple(args.only))
    if step in ('worlds', 'export', 'quantize', 'calibrate', 'report'):
        of_worlds(step, args, paths, sources, folder)


def of_worlds(step: str, args: argparse.Namespace, paths: Paths, sources: list[Path], folder: Path) -> None:
    """The steps on images of many cameras."""
    from . import publish
    from .index import read_any
    from .prepare import with_boxes
    from .report import table_of
    from .worlds import measure

    given = measure.Material(with_boxes([r for s in sources for r in read_any(s)], paths), paths, args.processes, say)
    if step == 'export':
        say(str(publish.export(measure.learn(given, None, paths, say=say), folder)))
    elif step == 'quantize':
        publish.quantize(given, paths, folder, say=say)
    elif step == 'worlds' and args.fold is not None:
        measure.learn(given, args.fold, paths, say=say)
    else:
        margins = measure.out_of_fold(given, paths, say=say)
        if step == 'worlds':
            for title, lines in measure.report(given, margins, paths.work / 'worlds' / 'report.json').items():
                say(f'\n{title}\n\n{table_of(lines)}')
        elif step == 'calibrate':
            publish.calibration_and_card(given, margins, folder, say)
        else:
            publish.readme(given, margins, paths, folder)


if __name__ == '__main__':
    main()
