"""The paper folder: every figure as PDF and PNG, every table as LaTeX, Markdown and CSV, and captions for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from analysis.findings.findings import Findings
from analysis.paper.choice import Choice, asked
from analysis.paper.figures.bounds import bounds_of_metric, bounds_of_metrics
from analysis.paper.figures.gallery import gallery
from analysis.paper.figures.heatmaps import pair_pair
from analysis.paper.figures.importance import importance
from analysis.paper.figures.noise import noise
from analysis.paper.figures.pairs import two_by_two
from analysis.paper.figures.parallel import parallel
from analysis.paper.figures.reward import lifted, raised, rewards
from analysis.paper.figures.tradeoffs import trade_offs
from analysis.paper.figures.training import over_epochs, training
from analysis.paper.methods import Published
from analysis.paper.notes import captions_md, captions_tex, notes
from analysis.paper.style import Drawing, NothingToShow, paper_style, save
from analysis.paper.subject import Subject
from analysis.paper.tables.bounds import bounds_of_metrics as table_of_metrics
from analysis.paper.tables.bounds import bounds_of_values
from analysis.paper.tables.comparison import comparison
from analysis.paper.tables.importance import importances
from analysis.paper.tables.latex import latex, markdown
from analysis.paper.tables.model import sizes_of_models
from analysis.paper.tables.reward_lift import lift_table
from analysis.paper.tables.settings import price_list, top_settings
from analysis.paper.tables.table import Table
from analysis.runs.open_run import open_run
from fusion_core.atomic_files import write_whole

FIGURES: dict[str, Callable[[Subject], Drawing | Iterator[Drawing]]] = {
    "bounds_metric": bounds_of_metric,
    "bounds": bounds_of_metrics,
    "heatmap_numeric": lambda subject: pair_pair(subject, "numeric"),
    "heatmap_centre": lambda subject: pair_pair(subject, "centre"),
    "pairs": two_by_two,
    "importance": importance,
    "tradeoffs": trade_offs,
    "parallel": parallel,
    "epochs": over_epochs,
    "training": training,
    "lift": lifted,
    "weight_effects": raised,
    "reward": rewards,
    "noise": noise,
    "gallery": gallery,
}

TABLES: dict[str, Callable[[Subject], Table]] = {
    "top": top_settings,
    "bounds": bounds_of_values,
    "bounds_metrics": table_of_metrics,
    "importance": importances,
    "prices": price_list,
    "lift": lift_table,
    "model_size": sizes_of_models,
}

USUAL = Choice()


def write_paper(run: Path, out: Path | None = None, choice: Choice = USUAL) -> list[Path]:
    """Write the paper folder (default `run`/paper) and return its files; the last, notes.md, says what is not there.

    Raises ConfigError that lists every wrong choice or every mistake in `choice.methods`, before anything is written.
    """
    return list(paper_files(run, out, choice))


def paper_files(run: Path, out: Path | None = None, choice: Choice = USUAL) -> Iterator[Path]:
    """Yield each file of the paper folder as soon as it is written; otherwise as `write_paper`."""
    folder = Path(run) / "paper" if out is None else Path(out)
    findings = Findings.of(open_run(Path(run)))
    subject, published = asked(findings, choice)
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    missing: dict[str, str] = {}
    captions: dict[str, str] = {}
    if subject is None:
        missing["every figure and table"] = "No trial has reported a number yet."
    elif not len(subject.order):
        missing["every figure and table"] = f"No configuration has a number of {subject.metric}: {subject.place}."
    else:
        for file in _contents(subject, published, folder, captions, missing):
            written.append(file)
            yield file
        for name, content in (("captions.tex", captions_tex(captions)), ("captions.md", captions_md(captions))):
            written.append(_write(folder / name, content))
            yield written[-1]
    yield _write(folder / "notes.md", notes(findings, subject, missing, _left_over(folder, written)))


def _contents(
    subject: Subject, published: Sequence[Published], folder: Path, captions: dict[str, str], missing: dict[str, str]
) -> Iterator[Path]:
    """Write what can be made of a run that has numbers; note the caption of each, and why others cannot be made."""
    for name, draw in FIGURES.items():
        try:
            yield from _drawn(draw, subject, folder, captions)
        except NothingToShow as reason:
            missing[name] = str(reason)
    makers: dict[str, Callable[[Subject], Table]] = {**TABLES, "comparison": partial(comparison, published=published)}
    for name, make in makers.items():
        try:
            table = make(subject)
        except NothingToShow as reason:
            missing[f"table {name}"] = str(reason)
            continue
        captions[f"table_{table.name}"] = table.caption
        yield _write(folder / f"table_{table.name}.tex", latex(table))
        yield _write(folder / f"table_{table.name}.md", markdown(table))
        yield _write(folder / f"table_{table.name}.csv", table.data.to_csv(index=False, lineterminator="\n"))


def _drawn(
    draw: Callable[[Subject], Drawing | Iterator[Drawing]], subject: Subject, folder: Path, captions: dict[str, str]
) -> list[Path]:
    files = []
    with paper_style():
        drawn = draw(subject)
        for one in [drawn] if isinstance(drawn, Drawing) else drawn:
            captions[one.name] = one.caption
            files += [save(one.figure, folder / f"{one.name}.{kind}") for kind in ("pdf", "png")]
    return files


def _left_over(folder: Path, written: Sequence[Path]) -> list[str]:
    """Return files of ours that lie in the folder but could not be made this time: they show other numbers."""
    names = [f"{name}.{kind}" for name in (*FIGURES, "bounds_more_*") for kind in ("pdf", "png")]
    names += [f"table_{name}.{kind}" for name in (*TABLES, "comparison") for kind in ("tex", "md", "csv")]
    found = {file for name in names for file in folder.glob(name)}
    return sorted(file.name for file in found - set(written))


def _write(file: Path, content: str) -> Path:
    write_whole(file, content.encode())
    return file
