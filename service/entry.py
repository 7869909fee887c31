"""Where the `cyfra` command begins: it says what to install where only a part of Cyfra is."""

import sys
from typing import Final

NOT_INSTALLED: Final = 2
ADVICE: Final = """\
This command needs {package}, which is not installed: only a part of Cyfra is.
    pip install 'cyfra[service]'    the service, and the commands that ask one
    pip install 'cyfra[worker]'     the same, and what trains
In Python the client works as it is: from cyfra import Client
"""


def main() -> None:
    """Run the command that the arguments name; say what is missing if its libraries are."""
    try:
        from service import cli  # noqa: PLC0415 - it may fail, and that is what this module is for

        cli.main()
    except ModuleNotFoundError as error:
        package = (error.name or "a package").partition(".")[0]
        if package in {"service", "worker", "migrations", "cyfra"}:
            raise  # ours, and it would be our own fault
        sys.stderr.write(ADVICE.format(package=package))
        sys.exit(NOT_INSTALLED)
