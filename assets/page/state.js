// The weights as the page has them, and who wants to hear of them. Sliders, presets and the simplex
// set them; results and simplex listen. No request to the server is made here.
(() => {
  const settings = { weights: [1, 0.3, 1], normalise: "none", method: "weighted", rrf_k: 60, view: "query", exact: null };
  const listeners = new Set();
  let search = null;

  const set = (change) => {
    Object.assign(settings, change);
    listeners.forEach((listener) => listener(settings, search));
  };

  const weights = () => [...settings.weights];

  // What was handed to the controls and not answered yet. They answer with a change, on a busy
  // machine later than the next key on the triangle: such an answer must not undo that key.
  let handed = [];
  const hand = () => {
    handed.push(String(settings.weights));
    return weights();
  };

  // The page's controls in their order: three weights, the choice of method, RRF's k.
  const fromControls = (dense, sparse, multiVector, how, k) => {
    const told = [dense, sparse, multiVector].map((w) => Math.max(0, Number(w) || 0));
    const answered = handed.lastIndexOf(String(told));
    handed = answered < 0 ? [] : handed.slice(answered); // each of the three sliders answers
    set({
      weights: answered < 0 ? told : settings.weights,
      method: how === "rrf" ? "rrf" : "weighted",
      normalise: how === "rrf" ? "none" : how,
      rrf_k: k === null || k === "" || Number(k) < 0 ? NaN : Number(k), // said, not guessed
    });
  };

  // Why nothing can be ranked under these settings; null where it can.
  const fault = () => {
    if (!settings.weights.some((w) => w > 0)) return "All three weights are 0, so nothing can be ranked. Raise one.";
    if (settings.method === "rrf" && !Number.isFinite(settings.rrf_k)) return "RRF's k must be a number, 0 or more.";
    return null;
  };

  // The way of combining alone, as the tab Weights chooses it.
  const combine = (how) => set({ method: how === "rrf" ? "rrf" : "weighted", normalise: how === "rrf" ? "none" : how });

  // What the triangle shows: which passage comes first for a query, or a collection's measure.
  const show = (view) => set({ view });

  const setSearch = (found) => { search = found; set({}); };

  const listen = (listener) => {
    listeners.add(listener);
    listener(settings, search);
  };

  // An element with text, never HTML: what comes from a corpus stays text.
  const make = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "class") node.className = value;
      else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value !== null && value !== undefined) node.setAttribute(name, value);
    }
    node.append(...children.filter((child) => child !== null));
    return node;
  };

  const number = (value, digits = 4) =>
    Number.isFinite(value) ? value.toFixed(digits).replace("-", "−") : "–";

  const MODES = [
    { key: "dense", title: "Dense" },
    { key: "sparse", title: "Sparse" },
    { key: "multi_vector", title: "ColBERT" },
  ];

  Object.assign(window.studio, { settings, set, fromControls, combine, show, fault, weights, hand, setSearch, listen, make, number, MODES });
})();
