"""What stands in a folder of images beside images."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from fusion_core.data.listing import files_by_stem
from fusion_core.data.pairs import find_pairs, scan_pairs
from fusion_core.errors import DataError
from tests.fusion_core.data.conftest import Write


def refusal(folder: Path) -> list[str]:
    with pytest.raises(DataError) as caught:
        files_by_stem(folder)
    return str(caught.value).replace(f"{folder}/", "").splitlines()


def test_suffixes_in_any_case_spaces_and_any_letters_are_taken(tmp_path: Path, write: Write) -> None:
    for name in ("a b.PNG", "Wärme 図.JpG", "c.d.TIFF", "e\u00a0f.bmp"):
        write(tmp_path / name)
    assert list(files_by_stem(tmp_path)) == ["Wärme 図", "a b", "c.d", "e\u00a0f"]


def test_links_to_images_are_followed(tmp_path: Path, write: Write) -> None:
    (tmp_path / "b.png").symlink_to(write(tmp_path / "elsewhere" / "a.png"))
    assert list(files_by_stem(tmp_path)) == ["b"]


def test_what_is_called_like_an_image_and_is_none_is_named_and_never_left_out(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "good.png")
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "gone.png").symlink_to(tmp_path / "nothing")
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "sub").mkdir()
    assert refusal(tmp_path) == [
        "images must be files, so remove or fix (4):",
        "  folder.png: a folder",
        "  gone.png: a link that leads nowhere",
        "  loop.png: cannot be followed (Too many levels of symbolic links)",
        "  pipe.png: neither a file nor a folder",
    ]


def test_names_that_no_table_or_console_could_bear_are_refused(tmp_path: Path, write: Write) -> None:
    for name in ("new\nline.png", "\x1b[31mred.png", "n" * 181 + ".png"):
        write(tmp_path / name)
    write(tmp_path / os.fsdecode(b"latin-\xe9.png"))
    assert refusal(tmp_path) == [
        "file names that must be changed (4):",
        "  \\x1b[31mred.png: the name holds control characters",
        "  latin-\\udce9.png: the name is not UTF-8",
        "  new\\nline.png: the name holds control characters",
        f"  {'n' * 181}.png: the name has more than 180 bytes",
    ]


@pytest.mark.parametrize("what", ["loop", "file", "missing", "long"])
def test_a_folder_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path, write: Write, what: str) -> None:
    folder = tmp_path / what
    if what == "loop":
        folder.symlink_to(folder)
    elif what == "file":
        folder.write_bytes(b"")
    elif what == "long":
        folder = tmp_path / ("n" * 300)
    write(tmp_path / "vi" / "a.png")
    (problem,) = scan_pairs(tmp_path / "vi", folder).problems
    assert problem.startswith(f"{folder} must be a folder that can be read, but got: ")
    assert scan_pairs(folder, folder).problems


def test_two_paths_to_one_folder_are_one(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "vi" / "a.png")
    (tmp_path / "ir").symlink_to(tmp_path / "vi")
    with pytest.raises(DataError, match="visible and infrared must be two folders"):
        find_pairs(tmp_path / "vi", tmp_path / "ir")


@pytest.mark.alone
@pytest.mark.slow
def test_twenty_thousand_files_are_listed_in_seconds(tmp_path: Path) -> None:
    for folder in ("vi", "ir"):
        (tmp_path / folder).mkdir()
        for index in range(20_000):
            os.close(os.open(tmp_path / folder / f"{index:06}.png", os.O_CREAT))
    start = time.monotonic()
    assert len(find_pairs(tmp_path / "vi", tmp_path / "ir")) == 20_000
    assert time.monotonic() - start < 5
