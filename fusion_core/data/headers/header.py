"""Header data common to all formats."""

from __future__ import annotations

from dataclasses import dataclass

# A file of a few bytes may claim any size; this limit is at most 200 MB of 8-bit RGB.
MAX_PIXELS = 8192 * 8192


class UnusableError(ValueError):
    """Why a file is refused, to be read after `an image must …, but got`; a remedy may follow."""


@dataclass(frozen=True)
class Header:
    """Size as stored, EXIF orientation (1: as stored, up to 8), and whether the file has transparency."""

    height: int
    width: int
    orientation: int = 1
    alpha: bool = False

    def __post_init__(self) -> None:
        size = f"{self.height}x{self.width}"
        if self.height < 1 or self.width < 1:
            raise UnusableError(f"an image must have pixels, but its header says {size}. Save it again.")
        if self.height * self.width > MAX_PIXELS:
            raise UnusableError(f"an image must have at most {MAX_PIXELS:,} pixels, but has {size}. Scale it down.")


def cut_off(what: str) -> UnusableError:
    """Return the error for a file that ends before it should."""
    return UnusableError(f"an image must be whole, but this is cut off: {what}. Copy or download it again.")


def damaged(what: str) -> UnusableError:
    """Return the error for a file that contradicts its format."""
    return UnusableError(f"an image must be undamaged, but {what}. Copy or download it again.")


def several(frames: int | str) -> UnusableError:
    """Return the error for a file of several images."""
    return UnusableError(f"a file must hold one image, but this holds {frames}. Save each as a file of its own.")
