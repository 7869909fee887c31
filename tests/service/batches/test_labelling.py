"""Which class a label means, in every form in which labels come."""

import numpy as np
import pytest

from service.batches import labelling
from service.batches.labelling import Labels
from service.errors import InvalidFields

DIGITS = tuple("0123456789")
CLOTHES = ("T-shirt", "Trouser", "Pullover")
NAMES = ["a/1.png", "b/1.png", "b/2.png"]


def indices(found: Labels | None) -> list[int]:
    assert found is not None
    return found.indices.tolist()


def test_whole_numbers_are_names_of_classes_where_all_are_and_indices_else() -> None:
    numbers = np.array([3, 1, 1])

    assert indices(labelling.of_numbers(numbers, DIGITS, "npz")) == [3, 1, 1]
    assert indices(labelling.of_numbers(numbers, ("1", "3"), "npz")) == [1, 0, 0]
    assert indices(labelling.of_numbers(numbers - 1, CLOTHES, "npz")) == [2, 0, 0]
    assert labelling.of_numbers(numbers, CLOTHES, "npz").notes == (
        "Labels that are no class of the model do not count: '3'.",
    )


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("a/1.png,7\nb/1.png,8\nb/2.png,9\n", [7, 8, 9]),
        ("\ufefffilename;label\r\n2.png;9\r\n\r\na/1.png;7\r\n", [7, -1, 9]),
        ("label\n7\n8\n9", [7, 8, 9]),
        ("a/1.png\t7", [7, -1, -1]),
        ("2.png,12345678901234567890\na/1.png,7", [7, -1, -1]),
    ],
)
def test_a_table_gives_labels_by_name_or_in_order(table: str, expected: list[int]) -> None:
    assert indices(labelling.of_csv(table.encode(), NAMES, DIGITS)) == expected


def test_numbers_in_a_table_are_indices_where_classes_have_words_for_names() -> None:
    assert indices(labelling.of_csv(b"0\n2\n1\n", NAMES, CLOTHES)) == [0, 2, 1]
    assert indices(labelling.of_csv(b"Trouser\nPullover\nTrouser\n", NAMES, CLOTHES)) == [1, 2, 1]
    assert indices(labelling.of_csv(b"index,label\n2,Trouser\n", ["x[0]", "x[1]", "x[2]"], CLOTHES)) == [-1, -1, 1]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (b"", "is empty"),
        (b"7\n8\n", "2 labels for 3 pictures"),
        (b"a,b,c\n", "row 1 of the table has 3 columns"),
        (b"1.png,7\n", "no name of the table"),  # two pictures are called so
        (b"a/1.png,cat\n", "no label is a class of the model: 'cat'"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"a\x00b", "neither a table"),
        (b'"' + b"x" * 200_000, "cannot be read"),
        (b"1\n" * (labelling.MOST_ROWS + 1), "more than 300,000 rows"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_words(table: bytes, words: str) -> None:
    with pytest.raises(InvalidFields, match=words):
        labelling.of_csv(table, NAMES, DIGITS)


def test_folders_that_are_called_like_classes_are_labels() -> None:
    found = labelling.of_folders(["digits/7/a.png", "8/b.png", "c.png"], DIGITS)

    assert indices(found) == [7, 8, -1]
    assert labelling.of_folders(["photos/a.png"], DIGITS) is None
