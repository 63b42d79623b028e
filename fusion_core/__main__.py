"""`python -m fusion_core fuse …` and `python -m fusion_core evaluate …`."""

from __future__ import annotations

import csv
import io
import re
import sys
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from fusion_core.atomic_files import write_whole
from fusion_core.data.listing import SUFFIXES
from fusion_core.errors import ConfigError, DataError, FusionError, print_errors, shown
from fusion_core.metrics.facts import FACTS

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Fuse image pairs, and measure fused images.",
)
Folder = Annotated[Path, typer.Option(help="Folder of images; files pair by stem.")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]


@app.command()
def fuse(
    checkpoint: Annotated[Path, typer.Option(help="A .safetensors file from a run's checkpoints folder.")],
    visible: Folder,
    infrared: Folder,
    out: Annotated[Path, typer.Option(help="Where STEM.png go.")],
    maps: Annotated[bool, typer.Option("--maps", help="Write the weight maps too, white for infrared.")] = False,
    device: Device = "auto",
) -> None:
    """Fuse every pair of two folders with a trained policy."""
    if out.exists() and not out.is_dir():
        raise DataError(f"--out must be a folder, but {shown(out)} is a file. Name another.")
    from fusion_core.folders import fuse_folder
    from fusion_core.models.checkpoints import load_checkpoint

    chosen = _device(device)
    policy = load_checkpoint(checkpoint, chosen)
    count = 0
    for file in fuse_folder(policy, visible, infrared, out, maps=maps, device=chosen, note=_note):
        count += 1
        print(shown(file.fused))
    print(f"{count} pairs fused into {shown(out)}" + (f", weight maps in {shown(out / 'maps')}" if maps else ""))


@app.command()
def evaluate(
    visible: Folder,
    infrared: Folder,
    fused: Folder,
    out: Annotated[Path | None, typer.Option(help="CSV with a row per image.")] = None,
    device: Device = "auto",
) -> None:
    """Print every metric of anybody's fused images: mean and standard deviation over the images."""
    if out is not None and (out.is_dir() or out.suffix.lower() in SUFFIXES):
        raise DataError(f"--out must be a CSV file, but got {shown(out)}. Name one, such as metrics.csv.")
    from fusion_core.folders import evaluate_folder

    chosen = _device(device)
    console = Console()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("measuring", total=None)
        stems, columns = evaluate_folder(
            visible,
            infrared,
            fused,
            device=chosen,
            advance=lambda done, total: progress.update(task, completed=done, total=total),
            note=_note,
        )
    console.print(_table(columns, len(stems)))
    if out is not None:
        _write_csv(out, stems, columns)
        print(f"{len(stems)} rows in {shown(out)}")


def _device(name: str) -> str:
    """Set this process up for a device and return its name. Raises ConfigError for one that is not there."""
    if not re.fullmatch(r"auto|cpu|cuda(:[0-9]{1,3})?", name):
        raise ConfigError(f"--device must be auto, cpu, cuda or cuda:N, but got {shown(name)!r}")
    import torch

    from fusion_core.workspace import choose_device, configure_process

    chosen = choose_device(name)
    number, count = int(chosen.partition(":")[2] or 0), torch.cuda.device_count()
    if chosen.startswith("cuda") and number >= count:
        raise ConfigError(f"--device must be there, but got {chosen}, and torch sees {count}")
    configure_process(chosen)
    return chosen


def _note(line: str) -> None:
    print(f"note: {line}", file=sys.stderr)


def _table(columns: dict[str, np.ndarray], images: int) -> Table:
    table = Table(title=f"{images} images (↑ higher is better, ↓ lower is)", title_justify="left", box=None)
    table.add_column("metric", no_wrap=True)
    table.add_column("mean", justify="right", no_wrap=True)
    table.add_column("std", justify="right", no_wrap=True)
    table.add_column("convention", overflow="fold")
    for name, facts in FACTS.items():
        values = columns[name]
        arrow = "↑" if facts.higher_is_better else "↓"
        table.add_row(f"{name} {arrow}", f"{values.mean():.5g}", f"{values.std():.3g}", facts.convention)
    return table


def _write_csv(path: Path, stems: tuple[str, ...], columns: dict[str, np.ndarray]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["image", *FACTS])
    for index, stem in enumerate(stems):
        writer.writerow([stem, *(repr(float(columns[name][index])) for name in FACTS)])
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text.getvalue().encode())


def main() -> None:
    try:
        app(standalone_mode=True)
    except (FusionError, OSError) as problem:
        print_errors(problem)
        sys.exit(2)


if __name__ == "__main__":
    main()
