// One mix beside the default and the modes alone, query by query.
(() => {
  const { make, number, MODES } = window.studio;
  const COLUMNS = [...MODES.map(({ key, title }) => [key, title]), ["default", "Default"], ["here", "This mix"]];

  const signed = (value) => (value > 0 ? "+" : "") + number(value);

  const list = (title, rows) => rows.length === 0 ? null : make("section", {},
    make("h4", {}, title),
    make("div", { class: "scrolls", tabindex: 0 }, make("table", {},
      make("thead", {}, make("tr", {}, make("th", {}, "query"), ...COLUMNS.map(([key, name]) => make("th", { class: key }, name)), make("th", {}, "change"))),
      make("tbody", {}, ...rows.map((row) => make("tr", {},
        make("th", { scope: "row", dir: "auto" }, row.query),
        ...COLUMNS.map(([key]) => make("td", {}, number(row[key], 3))),
        make("td", { class: row.here > row.default ? "up" : "down" }, signed(row.here - row.default))))))));

  // For how many queries each is the only best, as one bar.
  const winners = (counts, queries) => {
    const parts = [...MODES.map(({ key, title }) => [key, `${title} alone`]), ["here", "this mix"], ["several", "several"]];
    return make("div", { class: "winners" },
      make("div", { class: "bar", "aria-hidden": "true" }, ...parts.map(([key]) =>
        make("i", { class: key, style: `width:${100 * counts[key] / queries}%` }))),
      make("p", { class: "quiet" }, "Only best: ", ...parts.flatMap(([key, name], n) => [
        n ? ", " : "", make("b", { class: key }, name), ` ${counts[key]}`]), "."));
  };

  const mix = (element, props, watch) => {
    const panel = element.querySelector(".panel"), empty = element.querySelector(".status");
    const draw = () => {
      const value = props.value;
      empty.hidden = Boolean(value);
      window.studio.set({ exact: value ? { weights: value.weights, value: value.value, of: `${value.measure} ${value.of}` } : null });
      if (!value) { panel.replaceChildren(); return; }
      const queries = value.gained + value.lost + value.equal;
      panel.replaceChildren(
        make("p", { class: "sum" }, make("b", {}, number(value.value)), ` ${value.measure}, `,
          value.same ? "the default itself." : `${signed(value.value - value.default)} against the default's ${number(value.default)}: `
            + `${value.gained} queries gained, ${value.lost} lost, ${value.equal} equal.`),
        winners(value.winners, queries),
        ...[list("Gained most", value.most_gained), list("Lost most", value.most_lost)].filter(Boolean));
    };
    watch("value", draw);
    draw();
  };

  window.studio.mix = mix;
})();
