"""An encoder that loads in the background while the page is already there."""

from __future__ import annotations

import threading
import time

from studio import encoders
from studio.encoders.choice import Choice
from studio.encoders.protocol import Encoder
from studio.errors import EncoderError, StudioError


class LazyEncoder:
    """Known by its `choice` at once; `get` waits for the weights and raises what went wrong."""

    def __init__(self, choice: Choice, device: str | None = None) -> None:
        self.choice, self.device = choice, device
        self.seconds: float | None = None
        self._encoder: Encoder | None = None
        self._error: BaseException | None = None
        self._done = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @classmethod
    def ready(cls, encoder: Encoder) -> LazyEncoder:
        """Around an encoder that is loaded already (tests, notebooks)."""
        lazy = cls(Choice(encoder.name, "embedded", "given by the caller"))
        lazy._encoder, lazy.seconds = encoder, 0.0
        lazy._done.set()
        return lazy

    def start(self) -> None:
        """Begin to load, once; after an error, try anew."""
        with self._lock:
            if self._done.is_set() and self._error is not None:
                self._done.clear()
                self._thread = self._error = None
            if self._thread is None and not self._done.is_set():
                self._thread = threading.Thread(target=self._load, daemon=True)
                self._thread.start()

    def get(self) -> Encoder:
        """The encoder, after waiting for it if need be."""
        self.start()
        self._done.wait()
        encoder, error = self._encoder, self._error  # `start` may clear the error meanwhile
        if encoder is not None:
            return encoder
        raise error or EncoderError("The encoder is being loaded anew. Try again.")

    @property
    def state(self) -> str:
        """'loading', 'ready', or a sentence that says what went wrong."""
        if not self._done.is_set():
            return "loading"
        if isinstance(self._error, StudioError):
            return str(self._error)
        return "ready" if self._error is None else "could not be loaded; see the server's log"

    @property
    def loaded(self) -> Encoder | None:
        """The encoder if it is there, without waiting."""
        return self._encoder

    def _load(self) -> None:
        started = time.perf_counter()
        try:
            self._encoder = encoders.load(self.choice.name, device=self.device)
            self._encoder.encode_queries(["warm up"])  # the first pass is slower than the rest
            self.seconds = time.perf_counter() - started
        except BaseException as error:  # handed to whoever calls get()
            self._error = error
        finally:
            self._done.set()
