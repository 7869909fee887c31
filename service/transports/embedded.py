"""kombu's folder of messages as a broker that needs no server."""

import uuid
from pathlib import Path
from queue import Empty
from typing import Any, Final

from kombu.transport import filesystem
from kombu.utils.encoding import str_to_bytes
from kombu.utils.json import dumps, loads

LONGEST_WAIT_SECONDS: Final = 0.5


class EmbeddedChannel(filesystem.Channel):
    """kombu's folder of messages, with messages that appear whole and are taken once.

    kombu writes a message under its final name, so that a reader in between takes half of it; and it keeps what was taken.
    """

    def _put(  # type: ignore[override] # its two bases disagree on the name of payload
        self, queue: str, payload: dict[str, Any], **_options: object
    ) -> None:
        folder = Path(self.data_folder_out)
        name = f"{uuid.uuid4()}.{queue}.msg"
        hidden = folder / f".{name}.part"
        try:
            hidden.write_bytes(str_to_bytes(dumps(payload)))
            hidden.rename(folder / name)
        except OSError:  # a full disk: what is half-written goes
            hidden.unlink(missing_ok=True)
            raise

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:  # noqa: ARG002 - kombu's signature
        for message in Path(self.data_folder_in).glob(f"*.{queue}.msg"):
            taken = message.with_name(f".{message.name}.taken")
            try:
                message.rename(taken)
            except FileNotFoundError:
                continue  # another worker was first
            payload = taken.read_text()
            taken.unlink()
            return dict(loads(payload))
        raise Empty


class EmbeddedTransport(filesystem.Transport):
    """A broker that needs no server: a folder in the home."""

    Channel = EmbeddedChannel

    def drain_events(self, connection: Any, timeout: float | None = None) -> None:  # type: ignore[override] # noqa: ANN401
        """Wait for a message, never long: Celery sees that it shall stop only between two waits."""
        super().drain_events(connection, timeout=min(timeout or LONGEST_WAIT_SECONDS, LONGEST_WAIT_SECONDS))
