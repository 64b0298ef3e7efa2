"""Every event of the page, one statement each, a file per tab, in the order of a visit.

Moving a weight is no event of the server: `assets/page/state.js` ranks anew in the browser.
"""

from studio.ui.wiring.api import publish
from studio.ui.wiring.corpus import connect_corpus
from studio.ui.wiring.encoder import connect_encoder
from studio.ui.wiring.evaluate import connect_evaluate
from studio.ui.wiring.search import connect_found, connect_search, connect_weights
from studio.ui.wiring.weights import connect_weighing

__all__ = [
    "connect_corpus",
    "connect_encoder",
    "connect_evaluate",
    "connect_found",
    "connect_search",
    "connect_weighing",
    "connect_weights",
    "publish",
]
