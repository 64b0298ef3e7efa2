// A whole collection: a measure at each mix, in bands of equal height with contours between them;
// the best region has an outline. What is drawn was computed by eval/sweep.py.
(() => {
  const { make, number, MODES } = window.studio;
  const { svg, share, place, grid, corners, points, row, whole } = window.studio.triangle;
  const BANDS = 12;
  const NEIGHBOURS = [[1, -1, 0], [1, 0, -1], [0, 1, -1], [-1, 1, 0], [-1, 0, 1], [0, -1, 1]];

  const read = (value) => {
    const found = JSON.parse(value);
    const known = found.means.filter((mean) => mean !== null).sort((a, b) => a - b);
    // The worst twentieth is often one steep corner; it shares the lowest band.
    const low = known[Math.floor(known.length / 20)], high = known[known.length - 1];
    return { ...found, grid: grid(found.edge), inside: new Set(found.region), low, high };
  };
  const level = ({ low, high }, mean) =>
    high > low ? Math.max(0, Math.min(BANDS - 1, Math.floor((mean - low) / (high - low) * BANDS))) : BANDS - 1;
  const path = (d, attributes) => svg("path", { d, ...attributes });
  const shape = (cell) => `M${points(cell).replaceAll(" ", "L")}Z`;

  const bands = (found) => {
    const parts = Array.from({ length: BANDS }, () => []);
    found.grid.forEach((counts, n) => {
      if (found.means[n] !== null) parts[level(found, found.means[n])].push(shape(corners(place(counts), found.edge)));
    });
    return parts.map((cells, n) => path(cells.join(""), { class: "band", style: `--band:${n / (BANDS - 1)}` }))
      .filter((node) => node.getAttribute("d"));
  };

  // Where a band ends: each small triangle of the grid is crossed by straight lines.
  const contours = (found) => {
    const { edge, means, low, high } = found, lines = [];
    if (!(high > low)) return path("", { class: "contour" });
    const at = (counts) => ({ xy: place(counts), mean: means[row(counts, edge)] });
    const cross = (a, b, height) => {
      const t = (height - a.mean) / (b.mean - a.mean);
      return a.xy.map((v, axis) => (v + t * (b.xy[axis] - v)).toFixed(2)).join(",");
    };
    const mesh = (three) => {
      if (three.some(({ mean }) => mean === null || mean === undefined)) return;
      for (let n = 1; n < BANDS; n++) {
        const height = low + (high - low) * n / BANDS;
        const cut = [[0, 1], [1, 2], [2, 0]].filter(([a, b]) => (three[a].mean < height) !== (three[b].mean < height));
        if (cut.length === 2) lines.push(`M${cut.map(([a, b]) => cross(three[a], three[b], height)).join("L")}`);
      }
    };
    for (let d = 0; d < edge; d++) for (let s = 0; s < edge - d; s++) {
      const m = edge - d - s;
      mesh([at([d + 1, s, m - 1]), at([d, s + 1, m - 1]), at([d, s, m])]);
      if (m > 1) mesh([at([d + 1, s, m - 1]), at([d, s + 1, m - 1]), at([d + 1, s + 1, m - 2])]);
    }
    return path(lines.join(""), { class: "contour" });
  };

  const outline = (found) => {
    const lines = [];
    found.region.forEach((n) => {
      const counts = found.grid[n], cell = corners(place(counts), found.edge), centre = place(counts);
      NEIGHBOURS.forEach((step) => {
        const next = counts.map((k, m) => k + step[m]);
        if (Math.min(...next) >= 0 && found.inside.has(row(next, found.edge))) return;
        // The two corners of the hexagon nearest to that neighbour are the side between both.
        const there = place(next.map((k) => Math.max(0, k))), beyond = Math.min(...next) < 0
          ? centre.map((v, axis) => v + step.reduce((sum, k, m) => sum + k * window.studio.triangle.CORNERS[m][axis], 0) / found.edge)
          : there;
        const near = cell.map(([x, y]) => [(x - beyond[0]) ** 2 + (y - beyond[1]) ** 2, x, y])
          .sort((a, b) => a[0] - b[0]).slice(0, 2).map(([, x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`);
        lines.push(`M${near.join("L")}`);
      });
    });
    return path(lines.join(""), { class: "region" });
  };

  const star = ([x, y]) => svg("polygon", { class: "best", points: points(Array.from({ length: 10 }, (_, k) => {
    const size = k % 2 ? 1.1 : 2.6, turn = k * Math.PI / 5;
    return [x + size * Math.sin(turn), y - size * Math.cos(turn)];
  })) });

  const surface = (land, found) =>
    land.replaceChildren(...bands(found), contours(found), outline(found), star(place(found.grid[found.best])));

  // The mean of a mix: exactly, where the server has answered; else at the grid's nearest point; null
  // outside the limits.
  const valueAt = (found, weights) => {
    const { exact } = window.studio.settings;
    const known = exact && exact.of === `${found.measure} ${found.of}` && String(exact.weights) === String(weights);
    return known ? exact.value : found.means[row(whole(weights, found.edge), found.edge)];
  };

  // Corners have their names; published mixes have numbers, in the picture and in the table.
  const mark = (n, pin) => (pin.weights && n >= MODES.length ? String(n + 1 - MODES.length) : "");

  const mix = (weights) => weights.map((w) => String(Math.round(w * 100) / 100)).join(" / ");

  // Pins, best and the mix at hand with their numbers. Those with a place are buttons that go there.
  const table = (element, found, weights, go) => {
    const best = found.grid[found.best].map((k) => k / found.edge);
    const rows = [
      ...found.pins.map((pin, n) => ({ ...pin, mark: mark(n, pin) })),
      { name: "Best mix", weights: best, value: found.means[found.best], inside: true, mark: "★", class: "best-row" },
      { name: "This mix", weights: share(weights), value: valueAt(found, weights),
        inside: found.inside.has(row(whole(weights, found.edge), found.edge)), mark: "○", class: "here" },
    ];
    const bar = make("div", { class: "scale", "aria-hidden": "true" }, make("span", {}, number(found.low)),
      make("i", {}), make("span", {}, number(found.high)));
    element.replaceChildren(
      make("caption", {}, `${found.measure} at each mix`, bar),
      make("thead", {}, make("tr", {}, ...["", "", "weights", found.measure, ""].map((text) => make("th", {}, text)))),
      make("tbody", {}, ...rows.map((line) => make("tr", { class: line.class || "" },
        make("td", { class: "mark" }, line.mark),
        make("th", { scope: "row" }, line.weights && line.class !== "here"
          ? make("button", { type: "button", onclick: () => go(line.weights) }, line.name) : line.name),
        make("td", {}, line.weights ? mix(line.weights) : "–"),
        make("td", {}, number(line.value)),
        make("td", { class: "inside", title: line.inside ? "the labels cannot tell it from the best" : "" },
          line.inside ? "≈" : "")))),
      make("tfoot", {}, make("tr", {}, make("td", { colspan: 5 },
        `≈ ${found.region.length.toLocaleString("en")} of ${found.means.filter((m) => m !== null).length.toLocaleString("en")}`
        + " mixes, inside the outline: these labels cannot tell them from the best."))));
  };

  window.studio.surface = { read, draw: surface, valueAt, mark, table };
})();
