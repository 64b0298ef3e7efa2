// The smaller drawn parts: what each mode returned for a query, a job's progress, what was read, the
// encoder's badge. All draw plain values with text nodes.
(() => {
  const { make } = window.studio;
  const GRADES = ["not relevant", "partly relevant", "relevant"];

  const row = (hit) => {
    const judged = hit.grade === null ? "not judged" : GRADES[Math.min(2, hit.grade)];
    const mark = hit.grade === null ? "" : hit.grade >= 2 ? "●" : hit.grade === 1 ? "◐" : "○";
    return make("li", { class: `grade-${hit.grade === null ? "none" : Math.min(2, hit.grade)}` },
      make("span", { class: "grade", title: judged, "aria-label": judged }, mark),
      make("div", {}, make("span", { class: "title", dir: "auto" }, hit.title || hit.id),
        make("code", {}, hit.id), make("p", { dir: "auto" }, hit.text)));
  };

  // Where each mode ranked the relevant passages: the best place of a row stands out.
  const ranks = (rows, modes) => rows.length ? make("div", { class: "scrolls", tabindex: 0 }, make("table", { class: "ranks" },
    make("caption", {}, "Ranks of the relevant passages"),
    make("thead", {}, make("tr", {}, make("th", {}, ""), ...modes.map((mode) => make("th", { class: mode.key }, mode.title)))),
    make("tbody", {}, ...rows.map((line) => {
      const best = Math.min(...line.places.map(([, place]) => place || Infinity));
      return make("tr", {}, make("th", { scope: "row", dir: "auto" }, line.title || line.id, " ", make("code", {}, line.id)),
        ...line.places.map(([, place]) => make("td", { class: place === best ? "first" : "" }, place ? String(place) : "–")));
    })))) : null;

  const returned = (element, props, watch) => {
    const panel = element.querySelector(".panel"), empty = element.querySelector(".status");
    const draw = () => {
      const value = props.value;
      empty.hidden = Boolean(value);
      if (!value) { panel.replaceChildren(); return; }
      panel.replaceChildren(
        make("h3", { dir: "auto" }, value.query),
        make("p", { class: "quiet" }, value.about),
        ...[ranks(value.ranks, value.modes)].filter(Boolean),
        make("div", { class: "columns" }, ...value.modes.map((mode) => make("section", { class: mode.key },
          make("h4", {}, mode.title, make("span", { class: "total" }, mode.score)),
          mode.hits.length ? make("ol", {}, ...mode.hits.map(row))
            : make("p", { class: "quiet" }, "Nothing was found.")))));
    };
    watch("value", draw);
    draw();
  };

  const progress = (element, props, watch) => {
    const draw = () => {
      const value = props.value || { text: "" };
      const bar = element.querySelector(".track"), text = element.querySelector(".text");
      bar.hidden = value.share === undefined || value.share === null;
      bar.firstElementChild.style.width = `${100 * (value.share || 0)}%`;
      bar.setAttribute("aria-valuenow", Math.round(100 * (value.share || 0)));
      element.dataset.kind = value.kind || "idle";
      text.textContent = value.text;
    };
    watch("value", draw);
    draw();
  };

  const summary = (element, props, watch) => {
    const panel = element.querySelector(".panel"), empty = element.querySelector(".status");
    const draw = () => {
      const value = props.value;
      empty.hidden = Boolean(value && value.tiles);
      panel.replaceChildren(...(value && value.tiles ? [
        make("dl", { class: "tiles" }, ...value.tiles.map(([name, count]) =>
          make("div", {}, make("dt", {}, name), make("dd", {}, count)))),
        ...value.lines.map((line) => make("p", { class: "quiet" }, line))] : []));
    };
    watch("value", draw);
    draw();
  };

  // The encoder's badge; its first word from the server also marks the page as usable.
  const badge = (element, props, watch) => {
    const draw = () => {
      const value = props.value;
      if (!value) return;
      element.querySelector(".dot").dataset.state = value.state;
      element.querySelector(".name").textContent = value.name;
      element.querySelector(".state").textContent = value.text;
      element.querySelector(".badge").title = value.why;
      element.querySelector(".reason").textContent = value.why;
      if (!document.getElementById("ready")) {
        document.body.append(make("i", { id: "ready", hidden: "" }));
      }
    };
    watch("value", draw);
    draw();
  };

  Object.assign(window.studio, { returned, progress, summary, badge });
})();
