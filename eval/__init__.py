"""Evaluation of the three modes and their mixes, by the field's own protocols and measures.

    collection (corpus, queries, qrels) → candidates → runs, one per mode → measures → report

collection    test collections from every layout        (`collection.load`)
protocols     which passages compete, and in what order (`protocols.studio`)
measures      official measures through ir-measures     (`measures.per_query`)
significance  does one ranking beat another?            (`significance.compare`)
power         which differences the labels can show     (`power.typical`, `power.power`)
comparison    means, pairs, marks and power in one      (`comparison.compared`)
saved         a run folder read back                    (`saved.load`)
dimensions    what a shorter vector costs               (`dimensions.by_dimension`)
report        tables, TREC files, one JSON object       (`report.as_json`)
published     numbers of the papers, and why ours differ
"""
