"""What was made is kept within bounds."""

from service.explanations.keeping import MOST_BYTES, Kept


def test_what_was_made_is_given_again_until_there_is_too_much_of_it():
    kept, made = Kept(), []

    def make(name: str) -> bytes:
        made.append(name)
        return bytes(MOST_BYTES // 2)

    for name in ["a", "b", "a", "c", "a", "b"]:
        kept.get(name, lambda name=name: make(name))

    assert made == ["a", "b", "c", "b"]
