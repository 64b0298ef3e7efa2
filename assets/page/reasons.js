// Why one passage was found: shared tokens and best matches, with sums that prove themselves.
(() => {
  const { make, number } = window.studio;

  const word = (text) => make("bdi", { class: "token" }, text);

  const table = (mode, heads, rows, foot) => make("table", { class: `reasons-table ${mode}` },
    make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head)))),
    make("tbody", {}, ...rows),
    make("tfoot", {}, make("tr", {}, make("td", { colspan: heads.length }, foot))));

  const sparse = (why) => {
    const most = Math.max(1e-9, ...why.sparse_tokens.map((t) => t.contribution));
    return table("sparse", ["shared token", "query", "passage", "product"],
      why.sparse_tokens.map((t) => make("tr", { style: `--share:${t.contribution / most}` },
        make("th", { scope: "row" }, word(t.token)),
        make("td", {}, number(t.query_weight, 3)), make("td", {}, `× ${number(t.passage_weight, 3)}`),
        make("td", {}, number(t.contribution)))),
      `Their sum ${number(why.sparse_sum)} is the raw sparse score ${number(why.sparse)}.`);
  };

  const late = (why) => {
    const all = why.multi_vector_matches.map((m) => m.similarity);
    const least = Math.min(...all), span = Math.max(1e-9, Math.max(...all) - least);
    return table("multi_vector", ["query token", "best in passage", "similarity"],
      why.multi_vector_matches.map((m) => make("tr",
        { style: `--share:${(m.similarity - least) / span}` },
        make("th", { scope: "row" }, word(m.query_token)), make("td", {}, word(m.passage_token)),
        make("td", {}, number(m.similarity)))),
      `Their mean ${number(why.multi_vector_mean)} is the raw ColBERT score ${number(why.multi_vector)}.`
        + (all.some((one) => one > 1.0001) ? " This encoder lets rare words count more, so a value can be above 1." : ""));
  };

  const reasons = (element, props, watch) => {
    const panel = element.querySelector(".panel"), empty = element.querySelector(".status");
    const draw = () => {
      const { chosen } = window.studio;
      const why = chosen ? props.value : null; // an answer may come after its question is gone
      empty.hidden = Boolean(why);
      if (!why) { panel.replaceChildren(); return; }
      // Answers to quick clicks can overtake each other: ask again rather than show another's.
      if (chosen.passage !== why.passage) {
        document.querySelector("#results ol").dispatchEvent(new Event("lost"));
        return;
      }
      panel.replaceChildren(
        make("h3", { dir: "auto" }, why.title || why.passage),
        make("h4", { class: "sparse" }, "Sparse: words in common"),
        why.sparse_tokens.length ? sparse(why)
          : make("p", { class: "quiet" }, "The query and this passage share no token; the score is 0."),
        make("h4", { class: "multi_vector" }, "ColBERT: each query token's best match"), late(why),
        make("h4", { class: "dense" }, "Dense: the whole meaning"),
        make("p", { class: "quiet" }, `One vector for each text; their cosine is ${number(why.dense)}. `
          + "It has no parts to show."));
      if (window.matchMedia("(max-width: 900px)").matches) element.scrollIntoView({ block: "start" });
    };
    watch("value", draw);
    draw();
  };

  window.studio.reasons = reasons;
})();
