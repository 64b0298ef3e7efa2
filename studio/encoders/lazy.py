"""An encoder that loads in the background while the page is already there, and can be changed.

While another one loads, the present one goes on serving; it is replaced only by one that works.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from dataclasses import asdict

from studio import encoders
from studio.encoders.choice import Choice
from studio.encoders.options import Options
from studio.encoders.protocol import Encoder
from studio.errors import Cancelled, EncoderError, StudioError

READING, WARMING = "reading weights", "warming up"
LOG = logging.getLogger(__name__)


class Loading:
    """One attempt to load: what, how far it is, and, once it is `over`, how it ended."""

    def __init__(self, choice: Choice, options: Options) -> None:
        self.choice, self.options = choice, options
        self.progress = (0, 0, READING)
        self.encoder: Encoder | None = None
        self.error: BaseException | None = None
        self.seconds: float | None = None
        self.over = False

    @property
    def sentence(self) -> str:
        """What went wrong, for people; '' where nothing did."""
        if self.error is None:
            return ""
        known = isinstance(self.error, StudioError)
        return str(self.error) if known else "could not be loaded; see the server's log"

    def load(self) -> Encoder:
        """The encoder after its first pass; `progress` tells the stages, a cancel ends them."""
        encoder = encoders.load(self.choice.name, progress=self.report, **asdict(self.options))
        self.report(0, 0, WARMING)
        encoder.encode_queries(["warm up"])  # the first pass is slower than the rest
        return encoder

    def report(self, done: int, total: int, what: str) -> None:
        """Note how far it is; raise what ended the attempt meanwhile."""
        if self.over:
            raise Cancelled(f"Loading {self.choice.name} was cancelled.")
        arrived = total and done >= total  # a download's checksum is a part of reading it
        self.progress = (0, 0, READING) if arrived else (done, total, what)


class LazyEncoder:
    """Known by its `choice` at once; `get` waits for the weights and raises what went wrong.

    `present` serves, or is what `get` waits for. `changing` is the last change that was asked for
    and did not come about: under way, or over and failed.
    """

    def __init__(self, choice: Choice, options: Options | None = None) -> None:
        self.present = Loading(choice, options or Options())
        self.changing: Loading | None = None
        self._begun = False
        self._news = threading.Condition()
        self._turn = threading.Lock()  # one change at a time reads gigabytes

    @classmethod
    def ready(cls, encoder: Encoder) -> LazyEncoder:
        """Around an encoder that is loaded already (tests, notebooks)."""
        lazy = cls(Choice(encoder.name, "embedded", "given by the caller"))
        lazy.present.encoder, lazy.present.seconds = encoder, 0.0
        lazy.present.over = lazy._begun = True
        return lazy

    @property
    def choice(self) -> Choice:
        return self.present.choice

    @property
    def seconds(self) -> float | None:
        """How long loading took; None while it goes on."""
        return self.present.seconds

    @property
    def loaded(self) -> Encoder | None:
        """The encoder if it is there, without waiting."""
        return self.present.encoder

    @property
    def state(self) -> str:
        """'loading', 'ready', or a sentence that says what went wrong."""
        present = self.present
        return (present.sentence or "ready") if present.over else "loading"

    @property
    def under_way(self) -> Loading | None:
        """What is being loaded: the change if there is one, else the first encoder."""
        loads = (self.changing, self.present)
        return next((load for load in loads if load is not None and not load.over), None)

    def start(self) -> None:
        """Begin to load, once; after an error, try anew; after a cancel, wait for a change."""
        with self._news:
            if self.present.error is not None and not isinstance(self.present.error, Cancelled):
                self.present = Loading(self.present.choice, self.present.options)
                self._begun = False
            if not self._begun and not self.present.over:
                self._begun = True
                self._spawn(self.present, threading.Lock())

    def get(self) -> Encoder:
        """The encoder, after waiting for it if need be."""
        with self._news:
            self.start()
            self._news.wait_for(lambda: self.present.over)
            encoder, error = self.present.encoder, self.present.error
        if encoder is not None:
            return encoder
        if isinstance(error, Cancelled):  # not by whoever asks now
            raise EncoderError(f"{error} Choose an encoder in the tab Corpus.")
        raise error or EncoderError("The encoder is being loaded anew. Try again.")

    def change(self, choice: Choice, options: Options) -> Loading:
        """Load another encoder in the background; it takes over once it has encoded a text.

        A change that is still under way is given up. Where this one fails or is cancelled, the
        present encoder stays.
        """
        with self._news:
            if self.changing is not None:
                self._end(self.changing, error=_cancelled(self.changing))
            self.changing = Loading(choice, options)
            self._spawn(self.changing, self._turn)
            return self.changing

    def cancel(self) -> bool:
        """Give up what is under way; False where nothing is."""
        with self._news:
            load = self.under_way
            if load is not None:
                self._end(load, error=_cancelled(load))
            return load is not None

    def wait(self, load: Loading, seconds: float) -> bool:
        """Whether a load is over, after at most so many seconds."""
        with self._news:
            return self._news.wait_for(lambda: load.over, seconds)

    def _spawn(self, load: Loading, turn: threading.Lock) -> None:
        threading.Thread(target=self._run, args=(load, turn), daemon=True).start()

    def _run(self, load: Loading, turn: threading.Lock) -> None:
        started = time.perf_counter()
        try:
            with turn:
                load.report(0, 0, READING)  # it may have been given up while it waited
                encoder = load.load()
            self._end(load, encoder, seconds=time.perf_counter() - started)
        except BaseException as error:  # handed to whoever calls get(), or watches the change
            if not isinstance(error, StudioError):
                LOG.error("%s could not be loaded", load.choice.name, exc_info=error)
            _lighten(error)
            self._end(load, error=error)

    def _end(
        self,
        load: Loading,
        encoder: Encoder | None = None,
        error: BaseException | None = None,
        seconds: float | None = None,
    ) -> None:
        with self._news:
            if load.over:  # given up meanwhile: what came of it is dropped
                return
            load.encoder, load.error, load.seconds = encoder, error, seconds
            load.over = True  # last: who looks without the lock finds the rest in place
            if load is self.changing and encoder is not None:
                self.present.over = self._begun = True  # also where the first is not there yet
                self.present, self.changing = load, None
            self._news.notify_all()


def _cancelled(load: Loading) -> Cancelled:
    done, total, _ = load.progress
    kept = " What has arrived is kept." if total and done else ""
    return Cancelled(f"Loading {load.choice.name} was cancelled.{kept}")


def _lighten(error: BaseException | None) -> None:
    """Let go of what the frames of a failed load hold, such as half a model."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__
