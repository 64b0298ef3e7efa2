// The triangle of all mixes: where a mix stands in it, and the grid of whole shares that fills it.
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const SIDE = 100, HEIGHT = SIDE * Math.sqrt(3) / 2;
  const CORNERS = [[SIDE / 2, 0], [0, HEIGHT], [SIDE, HEIGHT]]; // dense on top, sparse, ColBERT

  const svg = (tag, attributes = {}) => {
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

  // Whole numbers that add up to `edge`, nearest to some shares: what rounding leaves over goes to
  // the parts that lost most by it.
  const whole = (parts, edge) => {
    const exact = share(parts).map((part) => part * edge), floor = exact.map((v) => Math.floor(v + 1e-9));
    const left = edge - floor.reduce((a, b) => a + b, 0);
    exact.map((v, m) => [v - floor[m], m]).sort((a, b) => b[0] - a[0]).slice(0, left)
      .forEach(([, m]) => { floor[m] += 1; });
    return floor;
  };
  const hundredths = (parts) => whole(parts, 100).map((part) => part / 100);

  // Counted as in eval/grid.py: dense falls along the rows, then sparse; so does the row's number.
  const row = ([dense, , late], edge) => (edge - dense) * (edge - dense + 1) / 2 + late;
  const grid = (edge) => {
    const points = [];
    for (let d = edge; d >= 0; d--) for (let s = edge - d; s >= 0; s--) points.push([d, s, edge - d - s]);
    return points;
  };
  const corners = ([x, y], edge) => {
    const size = SIDE / edge / Math.sqrt(3) * 1.04;
    return Array.from({ length: 6 }, (_, k) => [x + size * Math.sin(k * Math.PI / 3), y + size * Math.cos(k * Math.PI / 3)]);
  };
  const points = (list) => list.map((pair) => pair.map((v) => v.toFixed(2)).join(",")).join(" ");

  window.studio.triangle = { SIDE, HEIGHT, CORNERS, svg, share, place, fromPoint, whole, hundredths, row, grid, corners, points };
})();
