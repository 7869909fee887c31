"""The documentation says what the code does."""

import re
from pathlib import Path

from service.settings import Settings

ROOT = Path(__file__).parent.parent


def test_every_setting_is_documented_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE)
    documented = dict(rows)

    for name, field in Settings.model_fields.items():
        variable = "KERAS_BACKEND" if name == "keras_backend" else f"CYFRA_{name.upper()}"
        default = "" if field.default in {None, ()} else f"`{field.default}`"
        assert documented.pop(variable) == default, variable
    assert documented == {}


def test_the_readme_names_only_make_targets_that_exist() -> None:
    named = set(re.findall(r"(?:`|^    |=all )make ([a-z-]+)", (ROOT / "README.md").read_text(), re.MULTILINE))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    targets |= {f"bench-{path.stem.replace('_', '-')}" for path in (ROOT / "bench").glob("[a-z]*.py")}

    assert {"demo", "up", "test", "bench-prediction"} <= named
    assert named <= targets
