"""Print requirements-gpu.lock from pip's report (stdin) of what `.[worker,gpu]` would add to `.[worker,dev]`.

The CUDA libraries are gigabytes, so `make lock` has pip choose them and installs none. They exist for Linux alone.
"""

import json
import sys

HEADER = """\
# The CUDA libraries that TensorFlow needs on a machine with an NVIDIA card, besides requirements.lock. Made by `make lock`.
"""


def main() -> None:
    """Print the file."""
    packages = [each["metadata"] for each in json.load(sys.stdin)["install"] if each["metadata"]["name"] != "cyfra"]
    sys.stdout.write(HEADER + "".join(sorted(f"{package['name']}=={package['version']}\n" for package in packages)))


if __name__ == "__main__":
    main()
