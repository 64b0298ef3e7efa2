// One query: which passage comes first at each mix, a shade for each.
(() => {
  const { make } = window.studio;
  const { svg, place, grid, corners, points } = window.studio.triangle;
  const EDGE = 20; // 231 mixes
  const PATTERNS = 6;

  // Which candidate comes first at a mix; ties go to the earlier one, as in fusion.
  const winners = (search, settings) => {
    const { normalised } = window.studio.rank(search.scores, settings);
    const n = search.ids.length;
    return grid(EDGE).map((counts) => {
      const weights = counts.map((k) => k / EDGE);
      let first = 0, best = -Infinity;
      for (let i = 0; i < n; i++) {
        const total = normalised[0][i] * weights[0] + normalised[1][i] * weights[1]
          + normalised[2][i] * weights[2];
        if (total > best) { best = total; first = i; }
      }
      return { weights, first };
    });
  };

  const territory = (land, legend, search, settings) => {
    const won = winners(search, settings), counts = new Map();
    won.forEach(({ first }) => counts.set(first, (counts.get(first) || 0) + 1));
    const known = [...counts.entries()].sort((a, b) => b[1] - a[1]);
    const tone = new Map(known.map(([at], n) => [at, Math.min(n, PATTERNS - 1)]));
    land.replaceChildren(...won.map(({ weights, first }) => svg("polygon", {
      points: points(corners(place(weights), EDGE)), class: `cell tone-${tone.get(first)}` })));
    const shown = known.slice(0, PATTERNS - 1), rest = known.slice(PATTERNS - 1);
    const label = (at) => { const p = search.passages[at]; return (p && p.title) || search.ids[at]; };
    legend.replaceChildren(...shown.map(([at, count], n) => make("li", {},
      make("i", { class: `swatch tone-${n}` }), make("bdi", {}, label(at)),
      make("code", {}, search.ids[at]),
      make("span", { class: "quiet" }, `first at ${count} of ${won.length} mixes`))),
    ...(rest.length ? [make("li", {}, make("i", { class: `swatch tone-${PATTERNS - 1}` }),
      `${rest.length} more passages`)] : []));
  };

  window.studio.territory = territory;
})();
