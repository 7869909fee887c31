"""`cyfra demo`: the whole path once, on a service of its own that leaves nothing behind."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rich.console import Console
from rich.text import Text

from cyfra import Facts
from cyfra.wording import count, percent
from service.settings import Settings
from service.supervising import Supervisor
from service.terminal.asking import print_text
from service.terminal.client import Client
from service.terminal.confusion import confusion_table
from service.terminal.consoles import console, error_console
from service.terminal.curl import classify
from service.terminal.exits import FAILED, CommandFailed
from service.terminal.following import follow
from service.terminal.parts import MOST_QUICK_DEATHS, Recorder, environment_apart, service_parts, wait_until_live
from service.terminal.pictures import in_characters
from service.terminal.progress import watcher_for
from service.terminal.signals import StopAsked, stop_signals
from service.terminal.starting import free_port, make_ready, require_free, service_url
from service.terminal.submission import build_spec
from service.terminal.submitting import submit, submitted
from service.terminal.training import require_success

HOST: Final = "127.0.0.1"
STEPS: Final = 8
PATIENCE_SECONDS: Final = 2.0  # nothing of a demo is worth waiting for
SAMPLE: Final = 7  # any of the samples would do: one of each class


def run_demo() -> None:
    """Run the demo; raise CommandFailed if any of it fails, or if it is interrupted."""
    with TemporaryDirectory(prefix="cyfra-demo-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        port = free_port(HOST)
        recorder = Recorder()
        supervisor = Supervisor(
            service_parts(HOST, port, 1, environment_apart(home)), recorder, patience_seconds=PATIENCE_SECONDS
        )
        with stop_signals(first=supervisor.stop, second=supervisor.kill):
            try:
                Demo(console(), home, service_url(HOST, port), supervisor).run()
            except StopAsked as asked:
                error_console().print("Stopping everything …")
                raise CommandFailed(asked.exit_code, "The demo was interrupted; everything is stopped.") from asked
            except CommandFailed:
                error_console().out("What the service wrote:", *recorder.lines(), sep="\n", highlight=False)
                raise
            finally:
                supervisor.close()
    require_free(HOST, port)
    print_text("Everything is stopped, nothing is left behind. `make up` starts a service that stays.")


class Demo:
    """The steps, one after another, each said before it begins."""

    def __init__(self, console: Console, home: Path, url: str, supervisor: Supervisor) -> None:
        """Prepare the demo of a service at `url` that keeps its state in `home`; nothing is started yet."""
        self._console = console
        self._home = home
        self._url = url
        self._supervisor = supervisor
        self._step = 0

    def run(self) -> None:
        """Go through the steps."""
        self._say(f"Making a database in a folder that is removed at the end: {self._home}")
        make_ready(Settings(home=self._home, database_url=None, broker_url=None))
        self._say(f"Starting the service on {self._url}: the API and one worker")
        self._supervisor.start()
        with Client(self._url) as client:
            wait_until_live(client, self._supervisor)
            training = self._train(client)
            self._say("The classification report: how well each digit is recognised, on images it never trained on")
            print_text(client.get(f"/v1/trainings/{training.id}/report.txt").text.rstrip())
            self._say("The confusion matrix: what was taken for what")
            self._console.print(confusion_table(client.confusion_matrix(training.id)))
            digit = self._fetch_digit(client, training.dataset)
            self._say("Asking the service which digit that is")
            self._console.print_json(classify(self._console, digit, self._url))
        self._say("Stopping the service")

    def _train(self, client: Client) -> Facts:
        training = submitted(submit(client, build_spec(preset="quickstart")))
        self._say(f"Training the quickstart network on handwritten digits ({training.dataset})")
        looks = self._while_the_worker_lives(follow(client, training.id))
        training = watcher_for(self._console, client).show(looks)
        require_success(training)
        metrics = training.metrics
        if metrics is not None:
            accuracy, parameters = percent(metrics.test_accuracy), count(metrics.parameters)
            print_text(f"Test accuracy {accuracy} with {parameters} parameters.")
        return training

    def _while_the_worker_lives(self, looks: Iterable[Facts]) -> Iterator[Facts]:
        for training in looks:
            if self._supervisor.quick_deaths("worker") >= MOST_QUICK_DEATHS:
                raise CommandFailed(FAILED, "The worker does not start.")
            yield training

    def _fetch_digit(self, client: Client, dataset: str) -> Path:
        samples = client.samples(dataset, count=10)
        sample = samples[SAMPLE % len(samples)]
        digit = self._home / "digit.png"
        self._say(f"Taking a test image that it has not seen, labelled {sample.label}: GET {sample.image}")
        digit.write_bytes(client.get(sample.image).content)
        self._console.print(Text(in_characters(digit.read_bytes())))
        return digit

    def _say(self, text: str) -> None:
        self._step += 1
        line = Text.assemble((f"\n[{self._step}/{STEPS}] ", "bold cyan"), (text, "bold"))
        self._console.print(line, soft_wrap=True)
