"""The CSV of published methods: read whatever its order, refused with every mistake at once."""

from pathlib import Path

import pytest

from analysis.paper.methods import Published, read_methods
from fusion_core.errors import ConfigError

SETS = ("weighted mean", "msrs", "roadscene")


def read(folder: Path, text: str, *, encoding: str = "utf-8") -> list[Published]:
    file = folder / "methods.csv"
    file.write_text(text, encoding=encoding)
    return read_methods(file, SETS)


def test_columns_come_in_any_order_and_letters_of_any_size(tmp_path: Path) -> None:
    rows = read(tmp_path, "qabf,Method,VIF ↑\n0.61,U2Fusion,0.7020\n,DenseFuse,–\n")
    assert rows == [
        Published("U2Fusion", "", {"Qabf": 0.61, "VIF": 0.702}, {"Qabf": 2, "VIF": 4}),
        Published("DenseFuse", "", {}, {}),
    ]


def test_a_method_may_stand_once_per_data_set(tmp_path: Path) -> None:
    rows = read(tmp_path, "method,dataset,VIF\nA,MSRS,1\nA,roadscene,2\n")
    assert [(row.dataset, row.values["VIF"]) for row in rows] == [("msrs", 1.0), ("roadscene", 2.0)]


@pytest.mark.parametrize("text", ["\ufeffmethod,VIF\r\nA,0.5\r\n\r\n", "method;VIF\nA;0,5\n", "method\tVIF\nA\t0.5\n"])
def test_what_spreadsheets_write_is_read(tmp_path: Path, text: str) -> None:
    (row,) = read(tmp_path, text)
    assert (row.values, row.decimals) == ({"VIF": 0.5}, {"VIF": 1})


def test_a_power_of_ten_is_a_number_with_four_decimals(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "method,Nabf\nA,1.5e-7\n")
    assert (row.values, row.decimals) == ({"Nabf": 1.5e-7}, {"Nabf": 4})


def test_every_mistake_is_named_at_once_with_its_line(tmp_path: Path) -> None:
    text = "method,VIFF,Qabf,dataset\nA,1,good,msrs\n,1,inf,msrs\nB,1,1,mars\nC,1,1,msrs\nC,1,1,msrs\n"
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    said = [problem.partition("methods.csv:")[2] for problem in caught.value.problems]
    assert sorted(said) == [
        "1: unknown column 'VIFF'; remove or rename it. Did you mean 'VIF'?",
        "2: Qabf must be a number, but got 'good'",
        "3: Qabf must be a finite number, but got inf",
        "3: a method must have a name, but the cell is empty",
        "4: dataset must be one that the run has, but got 'mars'. Did you mean 'msrs'?",
        "6: 'C' must stand there once for msrs, but is there twice",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("method,VIF\n", "must be a row"),
        ("name,VIF\nA,1\n", "there must be a column 'method'"),
        ("method\nA\n", "there must be a column per metric"),
        ("method,VIF,VIF\nA,1,2\n", "must be there once"),
        ("method,VIF\nA,1,2\n", "must have 2 cells"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read(tmp_path, text)


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="UTF-8"):
        read(tmp_path, "method,VIF\nMéthode,1\n", encoding="latin-1")


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there must be a CSV of published methods here"):
        read_methods(tmp_path / "absent.csv", SETS)
