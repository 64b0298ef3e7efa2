// The result list: draws one search, and draws it again whenever the weights move.
(() => {
  const { make, number: digits, MODES } = window.studio;
  const PAGE = 10;

  // Where right-to-left text stands between Latin labels, let it find its own direction.
  const passageText = (segments) => make("p", { class: "passage", dir: "auto" },
    ...segments.map(([text, sparse, late]) => {
      if (!sparse && !late) return text;
      const kinds = [sparse ? "by-sparse" : "", late ? "by-late" : ""].join(" ");
      return make("mark", { class: kinds, style: `--by-sparse:${sparse};--by-late:${late}` }, text);
    }));

  const bar = (shares, scale) => make("div", { class: "bar", "aria-hidden": "true" },
    ...MODES.map(({ key }, m) =>
      make("i", { class: key, style: `width:${Math.max(0, shares[m] * scale)}%` })));

  const ledger = (ranking, scores, at, weights) => make("table", { class: "ledger" },
    make("thead", {}, make("tr", {}, ...["", "raw", "rank", "value", "weight", "adds"].map(
      (head) => make("th", { scope: "col" }, head)))),
    make("tbody", {}, ...MODES.map(({ key, title }, m) => make("tr", { class: key },
      make("th", { scope: "row" }, title),
      make("td", {}, digits(scores[m][at])),
      make("td", {}, ranking.ranks[m][at] ? String(ranking.ranks[m][at]) : "–"),
      make("td", {}, digits(ranking.normalised[m][at])),
      make("td", {}, `× ${weights[m]}`),
      make("td", { class: "adds" }, digits(ranking.contributions[m][at]))))));

  const moved = (by) => {
    const label = by === 0 ? "same place as when searched"
      : `${Math.abs(by)} ${by > 0 ? "up" : "down"} since the search`;
    const mark = by === 0 ? "·" : by > 0 ? `▲${by}` : `▼${-by}`;
    return make("span", { class: by > 0 ? "moved up" : by < 0 ? "moved down" : "moved",
      title: label, "aria-label": label }, mark);
  };

  const card = (view, ranking, at, place, scale) => {
    const { search, settings } = view;
    const passage = search.passages[at];
    const total = digits(ranking.total[at]);
    const about = passage && [passage.source, passage.language].filter(Boolean).join(" · ");
    return make("li", {
      "data-passage": search.ids[at], "data-rank": place + 1, "data-score": ranking.total[at],
      "data-at": at, class: view.chosen === at ? "hit chosen" : "hit",
    },
    make("div", { class: "head" },
      make("span", { class: "place" }, String(place + 1)),
      moved(view.start.get(at) - place),
      make("span", { class: "title", dir: "auto" }, (passage && passage.title) || search.ids[at]),
      make("span", { class: "total", title: "total score" }, total)),
    bar(MODES.map((_, m) => ranking.contributions[m][at]), scale),
    make("div", { class: "body" },
      passage ? passageText(passage.segments) : make("p", { class: "passage wait" }, "…"),
      ledger(ranking, search.scores, at, settings.weights)),
    make("div", { class: "foot" },
      make("span", { class: "source", dir: "auto" }, `${search.ids[at]}${about ? " · " + about : ""}`),
      make("button", { type: "button", class: "why", onclick: () => view.choose(at),
        "aria-expanded": String(view.chosen === at) }, "Why this passage")));
  };

  // Move rows from where they were to where they are (FLIP), unless motion is unwelcome.
  const animate = (list, before) => {
    if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    for (const row of list.children) {
      const was = before.get(row.dataset.passage);
      const shift = was === undefined ? 0 : was - row.offsetTop;
      if (shift) row.animate([{ transform: `translateY(${shift}px)` }, { transform: "none" }],
        { duration: 140, easing: "ease-out" });
    }
  };

  const note = (search) => {
    if (search.empty) return search.empty;
    const cut = search.truncated ? " The query was longer than the encoder reads; its end was cut." : "";
    return `${search.pool.toLocaleString()} of ${search.corpus.toLocaleString()} passages compete · `
      + `${search.encoder} · ${search.milliseconds} ms.${cut}`;
  };

  const results = (element, props, watch, trigger) => {
    const status = element.querySelector(".status"), list = element.querySelector("ol");
    const more = element.querySelector(".more");
    const view = { search: null, settings: null, start: new Map(), chosen: null, shown: PAGE };
    let frame = 0, number = 0, asked = new Set();

    const draw = () => {
      frame = 0;
      const { search, settings } = view;
      if (!search || !search.ids) return;
      const fault = window.studio.fault();
      if (fault) { status.textContent = fault; list.replaceChildren(); more.hidden = true; return; }
      const ranking = window.studio.rank(search.scores, settings);
      status.textContent = note(search);
      if (!view.start.size) ranking.order.forEach((at, place) => view.start.set(at, place));
      const best = ranking.order.slice(0, view.shown);
      const sum = (at) => MODES.reduce((s, _, m) => s + Math.max(0, ranking.contributions[m][at]), 0);
      const scale = 100 / Math.max(1e-9, ...best.map(sum));
      const before = new Map([...list.children].map((row) => [row.dataset.passage, row.offsetTop]));
      list.replaceChildren(...best.map((at, place) => card(view, ranking, at, place, scale)));
      animate(list, before);
      more.hidden = view.shown >= search.ids.length;
      setTimeout(ask, 0, number, [...best, ...search.likely]); // once these rows are painted
      list.setAttribute("aria-busy", String(search.likely.some((at) => !search.passages[at])));
    };
    // The first rows' texts come with a search; the rest, likely to be shown under other weights, now.
    const ask = (of, wanted) => {
      if (of !== number || !view.search) return; // another search has come in between
      const lacking = new Set(wanted.filter((at) => !view.search.passages[at] && !asked.has(at)));
      lacking.forEach((at) => asked.add(at));
      if (lacking.size) trigger("texts", { at: [...lacking], search: number });
    };
    const soon = () => { frame = frame || requestAnimationFrame(draw); };

    // The choice stands in the page, where the request finds it as it is when it goes out.
    const choose = (at) => {
      view.chosen = at;
      window.studio.chosen = at === null ? null : { at, passage: view.search.ids[at] };
    };
    view.choose = (at) => {
      choose(view.chosen === at ? null : at);
      soon();
      trigger("why");
    };
    list.addEventListener("lost", () => trigger("why"));
    more.addEventListener("click", () => { view.shown += PAGE; soon(); });

    const receive = () => {
      const value = props.value ? JSON.parse(props.value) : null;
      if (value && value.more) {
        // Texts asked for by an earlier search must not stand under this one's passages.
        if (value.search === number) Object.assign(view.search.passages, value.more);
      } else {
        number += 1;
        Object.assign(view, { search: value, start: new Map(), shown: PAGE });
        choose(null);
        asked = new Set();
        if (!value || !value.ids) {
          list.replaceChildren(); more.hidden = true;
          status.textContent = (value && value.empty) || status.dataset.empty;
        }
        window.studio.setSearch(value && value.ids ? value : null);
      }
      soon();
    };
    window.studio.listen((settings) => { view.settings = settings; soon(); });
    watch("value", receive);
    receive();
  };

  window.studio.results = results;
})();
