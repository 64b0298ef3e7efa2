// All mixes of the three modes as a triangle: which passage comes first at each, for the query at
// hand. The dot is the sliders' mix; drag it, click, or use the arrow keys.
(() => {
  const { make, MODES } = window.studio;
  const SVG = "http://www.w3.org/2000/svg";
  const STEPS = 20; // 231 mixes in steps of .05, counted in whole numbers
  const SIDE = 100, HEIGHT = SIDE * Math.sqrt(3) / 2;
  const CORNERS = [[SIDE / 2, 0], [0, HEIGHT], [SIDE, HEIGHT]]; // dense on top, sparse, ColBERT
  const PINS = [["MIRACL in the paper", [1, 0.3, 1]], ["long documents in the paper", [0.15, 0.5, 0.35]],
    ["model card", [0.4, 0.2, 0.4]], ["equal", [1, 1, 1]]];
  const PATTERNS = 6;

  const svg = (tag, attributes) => {
    const node = document.createElementNS(SVG, tag);
    Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));
    return node;
  };
  const share = (weights) => {
    const sum = weights.reduce((a, b) => a + b, 0);
    return sum > 0 ? weights.map((w) => w / sum) : [1 / 3, 1 / 3, 1 / 3];
  };
  const place = (weights) => {
    const parts = share(weights);
    return [0, 1].map((axis) => parts.reduce((sum, part, m) => sum + part * CORNERS[m][axis], 0));
  };
  const fromPoint = ([x, y]) => {
    const dense = 1 - y / HEIGHT, late = (x - dense * SIDE / 2) / SIDE;
    return share([dense, 1 - dense - late, late].map((part) => Math.min(1, Math.max(0, part))));
  };
  const grid = () => {
    const mixes = [];
    for (let d = 0; d <= STEPS; d++)
      for (let s = 0; s <= STEPS - d; s++) mixes.push([d, s, STEPS - d - s].map((k) => k / STEPS));
    return mixes;
  };
  const rounded = (parts) => parts.map((part) => Math.round(part * 100) / 100);

  // Hundredths that still add up to 1: the last of a rounding goes to the largest share.
  const hundredths = (parts) => {
    const whole = parts.map((part) => Math.round(part * 100));
    whole[parts.indexOf(Math.max(...parts))] += 100 - whole.reduce((a, b) => a + b, 0);
    return whole.map((part) => part / 100);
  };

  // Which candidate comes first at a mix; ties go to the earlier one, as in fusion.
  const winners = (search, settings) => {
    const { normalised } = window.studio.rank(search.scores, settings);
    const n = search.ids.length;
    return grid().map((weights) => {
      let first = 0, best = -Infinity;
      for (let i = 0; i < n; i++) {
        const total = normalised[0][i] * weights[0] + normalised[1][i] * weights[1]
          + normalised[2][i] * weights[2];
        if (total > best) { best = total; first = i; }
      }
      return { weights, first };
    });
  };

  const simplex = (element, props, watch, trigger) => {
    const stage = element.querySelector(".stage"), legend = element.querySelector(".legend");
    const says = element.querySelector(".status");
    const board = svg("svg", { viewBox: `-14 -12 ${SIDE + 28} ${HEIGHT + 24}`, role: "slider", tabindex: 0,
      "aria-label": "Mix of dense, sparse and ColBERT; arrow keys move it" });
    const land = svg("g", {}), pins = svg("g", { class: "pins" });
    const dot = svg("circle", { r: 2.6, class: "dot" });
    const outline = svg("polygon", { points: CORNERS.map((c) => c.join(",")).join(" "), class: "edge" });
    const clip = svg("clipPath", { id: "simplex-clip" });
    clip.append(svg("polygon", { points: outline.getAttribute("points") }));
    land.setAttribute("clip-path", "url(#simplex-clip)");
    board.append(clip, land, outline, pins, dot);
    MODES.forEach(({ key, title }, m) => {
      const [x, y] = CORNERS[m];
      const text = svg("text", { x, y: m ? y + 7 : y - 4, class: `corner ${key}`, "text-anchor": "middle" });
      text.textContent = title;
      board.append(text);
    });
    PINS.forEach(([name, weights]) => {
      const [cx, cy] = place(weights), pin = svg("circle", { cx, cy, r: 1.3, class: "pin" });
      const title = svg("title", {});
      title.textContent = `${name}: ${weights.join(" / ")}`;
      pin.append(title);
      pins.append(pin);
    });
    stage.replaceChildren(board);

    let key = "", drawn = null, current = [1, 0.3, 1];
    const territory = (settings, search) => {
      if (window.studio.fault()) search = null;
      const now = [settings.method, settings.normalise, settings.rrf_k].join(" ");
      if (now === key && search === drawn) return;
      key = now; drawn = search;
      if (!search) { land.replaceChildren(); legend.replaceChildren(); return; }
      const won = winners(search, settings), size = SIDE / STEPS / Math.sqrt(3) * 1.04;
      const counts = new Map();
      won.forEach(({ first }) => counts.set(first, (counts.get(first) || 0) + 1));
      const known = [...counts.entries()].sort((a, b) => b[1] - a[1]);
      const tone = new Map(known.map(([at], n) => [at, Math.min(n, PATTERNS - 1)]));
      land.replaceChildren(...won.map(({ weights, first }) => {
        const [x, y] = place(weights);
        const hex = Array.from({ length: 6 }, (_, k) => [x + size * Math.sin(k * Math.PI / 3),
          y + size * Math.cos(k * Math.PI / 3)].map((v) => v.toFixed(2)).join(",")).join(" ");
        return svg("polygon", { points: hex, class: `cell tone-${tone.get(first)}` });
      }));
      const shown = known.slice(0, PATTERNS - 1), rest = known.slice(PATTERNS - 1);
      const label = (at) => { const p = search.passages[at]; return (p && p.title) || search.ids[at]; };
      legend.replaceChildren(...shown.map(([at, count], n) => make("li", {},
        make("i", { class: `swatch tone-${n}` }), make("bdi", {}, label(at)),
        make("code", {}, search.ids[at]),
        make("span", { class: "quiet" }, `first at ${count} of ${won.length} mixes`))),
      ...(rest.length ? [make("li", {}, make("i", { class: `swatch tone-${PATTERNS - 1}` }),
        `${rest.length} more passages`)] : []));
    };
    const draw = (settings, search) => {
      current = settings.weights;
      const [cx, cy] = place(current);
      dot.setAttribute("cx", cx); dot.setAttribute("cy", cy);
      const parts = rounded(share(current));
      const words = MODES.map(({ title }, m) => `${title} ${parts[m]}`).join(", ");
      board.setAttribute("aria-valuetext", words);
      board.setAttribute("aria-valuenow", parts[0]);
      says.textContent = (window.studio.fault() || `${words} (shares of the sum).`)
        + (search ? ` Query: ${search.query}` : ` ${says.dataset.empty}`);
      territory(settings, search);
    };
    const move = (parts) => window.studio.set({ weights: hundredths(parts) });
    // The sliders follow once the dot rests: following each key would answer it with an older one.
    let resting = 0;
    const commit = () => {
      clearTimeout(resting);
      resting = setTimeout(() => trigger("picked"), 150);
    };
    const point = (event) => {
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(board.getScreenCTM().inverse());
      return fromPoint([at.x, at.y]);
    };
    board.addEventListener("pointerdown", (event) => {
      board.setPointerCapture(event.pointerId);
      move(point(event));
    });
    board.addEventListener("pointermove", (event) => {
      if (board.hasPointerCapture(event.pointerId)) move(point(event));
    });
    board.addEventListener("pointerup", commit);
    board.addEventListener("keydown", (event) => {
      const steps = { ArrowUp: [2, -1, -1], ArrowDown: [-2, 1, 1], ArrowLeft: [0, 1, -1], ArrowRight: [0, -1, 1] };
      if (!steps[event.key]) return;
      event.preventDefault();
      const parts = share(current);
      move(share(parts.map((part, m) => Math.min(1, Math.max(0, part + steps[event.key][m] * 0.02)))));
      commit();
    });
    window.studio.listen(draw);
  };

  window.studio.simplex = simplex;
})();
