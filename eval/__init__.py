"""Evaluation of the three modes and their mixes, by the field's own protocols and measures.

    collection (corpus, queries, qrels) → candidates → runs, one per mode → measures → report

collection    test collections from every layout        (`collection.load`)
protocols     which passages compete, and in what order (`protocols.studio`)
cache         what took the model or long, by digest    (`cache.cached_index`)
pools         one pool for all modes, or a list each    (`pools.Scoring`)
evaluation    a collection's runs and numbers           (`evaluation.score`, `.evaluate`)
several       languages with a corpus each, as one      (`several.combine`)
measures      official measures through ir-measures     (`measures.per_query`)
significance  does one ranking beat another?            (`significance.compare`)
power         which differences the labels can show     (`power.typical`, `power.power`)
comparison    means, pairs, marks and power in one      (`comparison.compared`)
saved         a run folder read back                    (`saved.load`)
dimensions    what a shorter vector costs               (`dimensions.by_dimension`)
report        tables, TREC files, one JSON object       (`report.as_json`)
published     numbers of the papers and of MTEB         (`published.paper`)
comparability ours beside them, and what differs        (`comparability.beside`)
"""
