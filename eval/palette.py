"""One colour and one marker for each mode, in every figure; assets/style.css has the same hues.

Okabe and Ito's palette tells apart for all kinds of colour vision; the marker's shape helps.
"""

COLOURS = {
    "dense": "#2f7fd0",
    "sparse": "#d97706",
    "multi_vector": "#0f9d78",
    "dense_sparse": "#8a8f98",
    "fused": "#b04a9a",
    "bm25": "#5f6672",
}
SYMBOLS = {
    "dense": "circle",
    "sparse": "square",
    "multi_vector": "diamond",
    "dense_sparse": "x",
    "fused": "star",
    "bm25": "triangle-up",
}
