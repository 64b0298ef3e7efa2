"""The tab About: what the numbers mean, in a page."""

from __future__ import annotations

import gradio as gr

TEXT = """
### What this is
A studio for hybrid retrieval with the three representations of **BGE-M3**: a *dense* vector for
the whole text, *sparse* weights for its words, and *ColBERT* multi-vectors for each of its
tokens, all from one forward pass. The encoder that made a number is always named beside it; the
badge above says which one is at work and why.

### The three scores
- **Dense** is the inner product of two unit vectors.
- **Sparse** is Σ w(query) · w(passage) over the tokens that both share.
- **ColBERT** is the mean, over the query's tokens, of the best similarity to any passage token.

### How they are combined
- **Raw** multiplies each score by its weight and adds, as the paper does. Weights are never
  divided by their sum.
- **Min-max** and **z-score** normalise each mode per query over its candidates first; a mode that
  is the same everywhere becomes 0.
- **RRF** adds weight / (k + rank); a passage that shares no word with the query gets nothing from
  sparse.
- Ties stand in the order of the corpus.

Candidates are all passages of a collection of up to 2,000, else the best 1,000 by dense together
with the best 1,000 by sparse. All three scores are computed for every candidate, so the pool
never depends on the weights, and the list can be ranked anew in the browser while a slider moves.

### How it is evaluated
By the official measures (trec_eval's, through ir-measures). A query for which a mode finds
nothing counts as 0. The mean over languages is the mean of each language's mean. `atlas`, the
bundled collection, was written for this project: it shows what each mode is good at, and is no
evidence of anything else.
"""


def layout(details: str) -> gr.Markdown:
    """The text, and what is true of this server."""
    return gr.Markdown(TEXT + details, elem_id="about")
