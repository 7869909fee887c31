"""The doorbell: a Celery message that says *there is work*, never which.

The database row is the truth; a ring that is lost, doubled or late changes nothing but seconds, because every worker
also looks at the database by itself. So a ring never fails a request, and nothing is ever read back from the broker.
"""

import logging
import threading
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final
from urllib.parse import urlsplit

from celery import Celery
from kombu.exceptions import ChannelError, OperationalError
from kombu.utils.url import maybe_sanitize_url
from sqlalchemy import event
from sqlalchemy.orm import Session

from service.settings import Settings

logger = logging.getLogger(__name__)

WORK: Final = "worker.tasks.work"
BROKER_TIMEOUT_SECONDS: Final = 2.0
CLOSING_SECONDS: Final = 3.0
BROKER_FAILURES: Final = (OperationalError, ChannelError, OSError)
RING, CLOSE = "ring", "close"


def celery_application(settings: Settings) -> Celery:
    """Return the Celery application that both sides use: the API to ring, the worker to listen."""
    application = Celery("cyfra", set_as_current=False)
    application.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_default_queue=settings.queue_name,
        task_acks_late=False,
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,
        worker_proc_alive_timeout=120,  # a new process imports TensorFlow before it says that it is up
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        enable_utc=True,
    )
    if settings.broker_url is not None:
        if urlsplit(settings.broker_url).scheme in {"redis", "rediss"}:
            application.conf.broker_transport = "service.transports.redis:RedisTransport"
        application.conf.update(
            broker_url=settings.broker_url,
            broker_transport_options={
                "socket_timeout": 10.0,
                "socket_connect_timeout": BROKER_TIMEOUT_SECONDS,
                "socket_keepalive": True,
            },
        )
    else:
        application.conf.update(
            broker_url="filesystem://localhost",
            broker_transport="service.transports.embedded:EmbeddedTransport",
            broker_transport_options=_folders(settings),
        )
    return application


def _messages(settings: Settings) -> Path:
    """Return the folder that the embedded broker keeps messages in."""
    return settings.home.absolute() / "broker" / "messages"


def _folders(settings: Settings) -> dict[str, Any]:
    messages = _messages(settings)
    control = messages.with_name("control")
    for folder in (messages, control):
        folder.mkdir(parents=True, exist_ok=True)
    return {
        "data_folder_in": str(messages),
        "data_folder_out": str(messages),
        "control_folder": str(control),
        "polling_interval": 0.2,
    }


class Doorbell:
    """Rings for the workers, from a thread of its own: a broker that is away keeps no request waiting.

    Rings that come while one is being sent are one ring; a worker that hears one rings on while there is more to do.
    """

    def __init__(self, settings: Settings) -> None:
        self._application = celery_application(settings)
        self._folder = None if settings.broker_url is not None else _messages(settings)
        self._requests: SimpleQueue[str] = SimpleQueue()
        self._thread = threading.Thread(target=self._ring_when_wanted, name="doorbell", daemon=True)
        self._thread.start()

    def ring(self) -> None:
        """Say that there is work; return at once."""
        self._requests.put(RING)

    def ring_after_commit(self, session: Session) -> None:
        """Ring once `session` has committed; a rollback throws the ring away."""
        event.listen(session, "after_commit", lambda _session: self.ring(), once=True)

    def broker_failure(self) -> str | None:
        """Say why the broker does not answer now; None if it does."""
        if self._folder is not None and not self._folder.is_dir():
            return f"{self._folder}: there is no such folder"
        try:
            with self._application.connection_for_write(connect_timeout=BROKER_TIMEOUT_SECONDS) as connection:
                connection.ensure_connection(max_retries=1, interval_start=0, timeout=BROKER_TIMEOUT_SECONDS)
                return None
        except BROKER_FAILURES as error:
            return f"{maybe_sanitize_url(self._application.conf.broker_url)}: {error}"  # with ** for the password

    def close(self) -> None:
        """Send a ring that is still wanted, and close the connections to the broker."""
        self._requests.put(CLOSE)
        self._thread.join(CLOSING_SECONDS)
        self._application.close()

    def _ring_when_wanted(self) -> None:
        while (request := self._requests.get()) is not CLOSE:
            with suppress(Empty):
                while request is not CLOSE:  # what has piled up is one ring
                    request = self._requests.get_nowait()
            self._send()
            if request is CLOSE:
                return

    def _send(self) -> None:
        # It never expires: Celery judges that by the clock of whoever hears it, and would throw away what a host whose clock is
        # behind has sent.
        try:
            self._application.send_task(WORK, retry=False, ignore_result=True)
        except BROKER_FAILURES as error:
            logger.warning("the broker did not take the ring (%s); workers find the work by themselves", error)
