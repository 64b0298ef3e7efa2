// The triangle on the page: a dot that is the sliders' mix, over one of two landscapes. Drag it,
// click, or use the arrow keys; Home goes to the best mix.
(() => {
  const { MODES, number } = window.studio;
  const { SIDE, HEIGHT, CORNERS, svg, share, place, fromPoint, hundredths, points } = window.studio.triangle;
  const PINS = [["MIRACL in the paper", [1, 0.3, 1]], ["Long documents in the paper", [0.15, 0.5, 0.35]],
    ["Model card", [0.4, 0.2, 0.4]], ["Equal", [1, 1, 1]]];
  const rounded = (parts) => parts.map((part) => Math.round(part * 100) / 100);

  const drawPins = (pins, shown) => pins.replaceChildren(...shown.filter(([, weights]) => weights).map(([name, weights, mark]) => {
    const [cx, cy] = place(weights), group = svg("g", { class: "pin" }), title = svg("title");
    title.textContent = `${name}: ${weights.join(" / ")}`;
    group.append(title, svg("circle", { cx, cy, r: mark ? 2.1 : 1.3 }));
    if (mark) {
      const text = svg("text", { x: cx, y: cy + 1, "text-anchor": "middle" });
      text.textContent = mark;
      group.append(text);
    }
    return group;
  }));

  const board = () => {
    const node = svg("svg", { viewBox: `-14 -12 ${SIDE + 28} ${HEIGHT + 24}`, role: "slider", tabindex: 0,
      "aria-label": "Mix of dense, sparse and ColBERT; arrow keys move it" });
    const land = svg("g"), pins = svg("g", { class: "pins" }), dot = svg("circle", { r: 2.6, class: "dot" });
    const outline = svg("polygon", { points: points(CORNERS), class: "edge" });
    const clip = svg("clipPath", { id: "simplex-clip" });
    clip.append(svg("polygon", { points: outline.getAttribute("points") }));
    land.setAttribute("clip-path", "url(#simplex-clip)");
    node.append(clip, land, outline, pins, dot);
    MODES.forEach(({ key, title }, m) => {
      const [x, y] = CORNERS[m];
      const text = svg("text", { x, y: m ? y + 7 : y - 4, class: `corner ${key}`, "text-anchor": "middle" });
      text.textContent = title;
      node.append(text);
    });
    return { node, land, pins, dot };
  };

  const simplex = (element, props, watch, trigger) => {
    const stage = element.querySelector(".stage"), legend = element.querySelector(".legend");
    const table = element.querySelector(".pins-table"), says = element.querySelector(".status");
    const { node, land, pins, dot } = board();
    stage.replaceChildren(node);

    let found = null, drawn = null, key = "", current = [1, 0.3, 1];
    const keyed = ({ view, method, normalise, rrf_k }) =>
      [view, method, normalise, method === "rrf" ? rrf_k : 0, window.studio.fault() || ""].join(" ");
    const fits = ({ method, normalise, rrf_k }) =>
      String(found.settings) === String([method, normalise, method === "rrf" ? rrf_k : 0]);

    // The landscape, only when it is another one than before.
    const landscape = (settings, search) => {
      const source = settings.view === "query" ? (window.studio.fault() ? null : search) : found;
      const now = keyed(settings);
      if (now === key && source === drawn) return;
      key = now; drawn = source;
      legend.replaceChildren(); table.replaceChildren(); land.replaceChildren();
      if (source && settings.view === "query") window.studio.territory(land, legend, source, settings);
      if (source && settings.view !== "query") window.studio.surface.draw(land, source);
      drawPins(pins, settings.view !== "query" && found
        ? found.pins.map((pin, n) => [pin.name, pin.weights, window.studio.surface.mark(n, pin)])
          .filter(([, , mark]) => mark) : PINS);
    };

    const said = (settings, search, words) => {
      if (settings.view === "query") {
        return (window.studio.fault() || `${words} (shares of the sum).`)
          + (search ? ` Query: ${search.query}` : ` ${says.dataset.empty}`);
      }
      if (!found) return `${words}. ${says.dataset.unmeasured}`;
      const value = window.studio.surface.valueAt(found, current);
      const there = value === null ? "outside the limits" : `${found.measure} ${number(value)}`;
      return `${words}: ${there}. ${found.title}${fits(settings) ? "" : " · being measured anew…"}`;
    };

    const draw = (settings, search) => {
      current = settings.weights;
      const [cx, cy] = place(current);
      dot.setAttribute("cx", cx); dot.setAttribute("cy", cy);
      const parts = rounded(share(current));
      const words = MODES.map(({ title }, m) => `${title} ${parts[m]}`).join(", ");
      landscape(settings, search);
      const collection = settings.view !== "query" && found;
      if (collection) window.studio.surface.table(table, found, current, go);
      const value = collection ? window.studio.surface.valueAt(found, current) : null;
      node.setAttribute("aria-valuetext", words);
      node.setAttribute("aria-valuenow", parts[0]);
      node.setAttribute("aria-description", value === null ? "" : `${found.measure} ${number(value)}`);
      says.textContent = said(settings, search, words);
    };

    const move = (parts) => window.studio.set({ weights: hundredths(parts) });
    // The sliders follow once the dot rests: following each key would answer it with an older one.
    let resting = 0;
    const commit = () => {
      clearTimeout(resting);
      resting = setTimeout(() => trigger("picked"), 150);
    };
    const go = (weights) => { window.studio.set({ weights: [...weights] }); commit(); };
    window.studio.go = go;
    const point = (event) => {
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(node.getScreenCTM().inverse());
      return fromPoint([at.x, at.y]);
    };
    node.addEventListener("pointerdown", (event) => {
      node.setPointerCapture(event.pointerId);
      move(point(event));
    });
    node.addEventListener("pointermove", (event) => {
      if (node.hasPointerCapture(event.pointerId)) move(point(event));
    });
    node.addEventListener("pointerup", commit);
    node.addEventListener("keydown", (event) => {
      const steps = { ArrowUp: [2, -1, -1], ArrowDown: [-2, 1, 1], ArrowLeft: [0, 1, -1], ArrowRight: [0, -1, 1] };
      if (event.key === "Home" && found && window.studio.settings.view !== "query") {
        event.preventDefault();
        return go(found.grid[found.best].map((k) => k / found.edge));
      }
      if (!steps[event.key]) return;
      event.preventDefault();
      const parts = share(current);
      move(share(parts.map((part, m) => Math.min(1, Math.max(0, part + steps[event.key][m] * 0.02)))));
      commit();
    });

    const take = () => {
      found = typeof props.value === "string" && props.value ? window.studio.surface.read(props.value) : null;
      window.studio.set({});
    };
    watch("value", take);
    window.studio.listen(draw);
    if (props.value) take();
  };

  window.studio.simplex = simplex;
})();
