"""Pairs as the best, the default and the worst setting fuse them, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis.paper.numbers import brief, label
from analysis.paper.style import TWO_COLUMNS, Drawing, NothingToShow, figure
from analysis.paper.subject import Subject
from analysis.runs.samples import Pair, folders_of, pairs_in

_PAIRS, _WIDTH, _PRINTED = 2, 640, 300


@dataclass(frozen=True)
class _Kept:
    """A setting whose samples were kept, and why it is shown."""

    why: str
    setting: int
    folder: Path
    value: float


def gallery(subject: Subject) -> Drawing:
    """Draw visible, infrared and the fused images of the best, the default and the worst setting that were kept."""
    kept = _chosen(subject)
    if not kept:
        raise NothingToShow("No sample images were kept of a configuration that has a number.")
    shown = _images(subject, kept)
    if not shown:
        raise NothingToShow("The kept configurations have no pair in common whose images can be read.")
    titles = ["visible", "infrared", *(one.why for one in kept)]
    heights = [images[0].shape[0] / images[0].shape[1] for _, images in shown]
    width = min(TWO_COLUMNS, 1.43 * len(titles))
    cell = width / len(titles)
    drawn = figure(width, 0.17 + sum(heights) * (cell - 0.02))
    drawn.set_layout_engine("constrained", hspace=0.0, wspace=0.0, h_pad=0.01, w_pad=0.01)
    panels = drawn.subplots(len(shown), len(titles), squeeze=False, height_ratios=heights)
    for row, (_, images) in enumerate(shown):
        for panel, image, title in zip(panels[row], images, titles, strict=True):
            # Small images keep their own pixels, so that no smoothing is taken for the method's.
            how = "none" if image.shape[1] <= _PRINTED * cell else "antialiased"
            panel.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation=how)
            panel.axis("off")
            if row == 0:
                panel.set_title(title, fontsize=8, pad=2)
    told = "; ".join(
        f"{one.why}: {subject.setting(one.setting)}, {label(subject.metric)} {brief(one.value)}" for one in kept
    )
    stems = ", ".join(f"{pair.dataset} {pair.stem}" for pair, _ in shown)
    several = "Pairs" if len(shown) > 1 else "Pair"
    return Drawing("gallery", drawn, f"{several} {stems} ({subject.place}). {told}.")


def _chosen(subject: Subject) -> list[_Kept]:
    """Return best, default and worst of the settings whose samples were kept, by what they rank by; a setting once."""
    table = subject.standings.ranking(subject.metric, subject.dataset, subject.epoch)
    table = table[table["rank"].notna()]
    rank = {int(setting): place for place, setting in enumerate(table["setting"], start=1)}
    values = dict(zip(rank, table["value"].tolist(), strict=True))
    folders = _folders(subject, list(rank))
    if not folders:
        return []
    confirmed = subject.standings.leaders(subject.metric, subject.dataset, subject.epoch).confirmed
    best, worst, default = min(folders, key=rank.__getitem__), max(folders, key=rank.__getitem__), subject.default
    first = "best (confirmed)" if confirmed else "best"
    why = {best: first if rank[best] == 1 else f"rank {rank[best]} of {len(rank)}"}
    if default in folders:
        why.setdefault(default, subject.default_name)
    why.setdefault(worst, "worst" if rank[worst] == len(rank) else f"rank {rank[worst]} of {len(rank)}")
    return [_Kept(reason, setting, folders[setting], values[setting]) for setting, reason in why.items()]


def _folders(subject: Subject, order: list[int]) -> dict[int, Path]:
    """Return the folder of samples of each setting that has one: of its first trial, of a confirming one if need be."""
    trials = subject.run.every_trial
    found = folders_of(subject.run.path, dict(zip(trials["number"].tolist(), trials["id"].tolist(), strict=True)))
    numbers = {setting: list(subject.scores.settings[setting].numbers) for setting in order}
    again = subject.standings.confirmed
    for setting, own in zip(again.at.tolist(), again.scores.settings, strict=True) if again else ():
        numbers.get(setting, []).extend(own.numbers)
    return {
        setting: next(found[number] for number in own if number in found)
        for setting, own in numbers.items() if any(number in found for number in own)
    }  # fmt: skip


def _images(subject: Subject, kept: list[_Kept]) -> list[tuple[Pair, list[np.ndarray]]]:
    """Return the pairs whose sources and fused images can all be read, those of the data set asked for first."""
    pairs = pairs_in([one.folder for one in kept], {name: [] for name in subject.scores.datasets[1:]})
    shown = []
    for pair in sorted(pairs, key=lambda pair: pair.dataset != subject.dataset):
        files = [kept[0].folder / pair.file(kind) for kind in ("visible", "infrared")]
        files += [one.folder / pair.file("fused") for one in kept]
        images = [image for file in files if (image := _read(file)) is not None]
        if len(images) == len(files):
            shown.append((pair, images))
        if len(shown) == _PAIRS:
            break
    return shown


def _read(file: Path) -> np.ndarray | None:
    """Return an image as grey or RGB, uint8, no wider than print needs; None where it cannot be read."""
    import cv2

    image = cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_ANYCOLOR) if _has_bytes(file) else None
    if image is None:
        return None
    height, width = image.shape[:2]
    if width > _WIDTH:
        image = cv2.resize(image, (_WIDTH, max(1, round(height * _WIDTH / width))), interpolation=cv2.INTER_AREA)
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _has_bytes(file: Path) -> bool:
    return file.is_file() and file.stat().st_size > 0
