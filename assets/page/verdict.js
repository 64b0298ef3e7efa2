// What tuning is worth: the verdict first, then what it rests on.
(() => {
  const { make, number, MODES } = window.studio;
  const { CORNERS, SIDE, HEIGHT, svg, place, points } = window.studio.triangle;
  const STEPS = [["single", "best single mode"], ["tuned", "one mix for all"], ["oracle", "a mix for each query"], ["ceiling", "the pool's ceiling"]];

  const signed = (value) => (value > 0 ? "+" : "") + number(value);
  const percent = (share) => (share === null ? "–" : `${Math.round(100 * share)} %`);
  const trimmed = (value) => String(Math.round(value * 100) / 100);

  const fact = (name, value, hint) => make("div", {}, make("dt", {}, name), make("dd", {}, value), make("p", { class: "quiet" }, hint));

  // The weights that each fold chose: dots that lie apart say that the labels do not settle them.
  const scatter = (chosen) => {
    const board = svg("svg", { viewBox: `-14 -11 ${SIDE + 28} ${HEIGHT + 21}`, role: "img", "aria-label": "weights chosen by the folds" });
    board.append(svg("polygon", { points: points(CORNERS), class: "edge" }));
    MODES.forEach(({ key, title }, m) => {
      const text = svg("text", { x: CORNERS[m][0], y: CORNERS[m][1] + (m ? 8 : -3), class: `corner ${key}`, "text-anchor": "middle" });
      text.textContent = title;
      board.append(text);
    });
    const many = new Map();
    chosen.forEach((weights) => many.set(String(weights), (many.get(String(weights)) || 0) + 1));
    many.forEach((count, key) => {
      const [cx, cy] = place(key.split(",").map(Number));
      board.append(svg("circle", { cx, cy, r: 1.6 + 4 * Math.sqrt(count / chosen.length), class: "fold" }));
    });
    return board;
  };

  // From the worst to the best that could be had, on one scale.
  const headroom = (room, measure) => {
    const low = Math.max(0, Math.floor(20 * room.single - 1) / 20), span = Math.max(1e-9, room.ceiling - low);
    return make("div", { class: "headroom" }, ...STEPS.map(([key, name]) => make("div", { class: `step ${key}` },
      make("span", {}, name), make("i", {}, make("b", { style: `width:${Math.max(1, 100 * (room[key] - low) / span)}%` })),
      make("code", {}, number(room[key])))), make("p", { class: "quiet" }, `${measure}; bars begin at ${low.toFixed(2)}.`));
  };

  const verdict = (element, props, watch) => {
    const panel = element.querySelector(".panel"), empty = element.querySelector(".status");
    const draw = () => {
      const value = props.value;
      empty.hidden = Boolean(value);
      if (!value) { panel.replaceChildren(); return; }
      const interval = value.interval ? `${signed(value.interval[0])} to ${signed(value.interval[1])}` : "no interval";
      panel.replaceChildren(
        make("h3", { class: value.verdict.startsWith("use") ? "yes" : "no" }, value.verdict[0].toUpperCase() + value.verdict.slice(1)),
        make("p", { class: "quiet" }, `${value.measure} · ${value.of}`),
        make("p", {}, value.reason),
        make("dl", { class: "facts" },
          fact("Held out", signed(value.gain), `95 %: ${interval}`),
          fact("When selected", signed(value.selected), "chosen and judged on the same queries"),
          fact("Kept", percent(value.kept), "of that gain is left when held out"),
          fact("Lost to the default", percent(value.lost), `of ${value.folds} held-out folds`),
          fact("Best mix", value.best.map(trimmed).join(" / "), `${value.region[0]} of ${value.region[1]} mixes are not told from it`)),
        make("div", { class: "both" },
          make("section", {}, make("h4", {}, "What the folds chose"), scatter(value.chosen),
            make("p", { class: "quiet" }, MODES.map(({ title }, m) => `${title} ${trimmed(value.scatter[m][0])} to ${trimmed(value.scatter[m][1])}`).join(", "), ".")),
          make("section", {}, make("h4", {}, "Headroom"), headroom(value.headroom, value.measure), make("p", { class: "quiet" }, value.room))),
        make("p", { class: "quiet" }, value.power),
        make("button", { type: "button", id: "tune-use", onclick: () => window.studio.go(value.best) }, "Set the sliders to the best mix"));
    };
    watch("value", draw);
    draw();
  };

  window.studio.verdict = verdict;
})();
