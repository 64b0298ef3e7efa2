"""Hybrid retrieval with BGE-M3's three modes, as one flow of pure functions.

    bytes → documents → passages → encodings → index → candidates → fusion → ranking → page

reading       uploaded bytes become documents         (`reading.read_files`)
passages      documents are cut into passages          (`passages.cut`)
encoders      one forward pass, three representations  (`encoders.load`)
index         passages and encodings on disk           (`index.Index`)
search        a query's candidates, three raw scores   (`search.candidates`)
fusion        raw scores become one ranking            (`fusion.rank`)
explain       which words made a score                 (`explain.reasons`)
"""
