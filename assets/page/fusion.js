// Raw scores become one ranking, in the browser: the same function as studio/fusion.py, operation
// for operation (sums run in candidate order, in float64), so that both give the same bits.
// scores: three arrays of n raw scores, in the order dense, sparse, multi_vector.
(() => {
  const SPARSE = 1;

  // Indices by falling value; sort is stable, so equal values keep their order in the corpus.
  const descending = (values) =>
    Array.from(values.keys()).sort((a, b) => values[b] - values[a]);

  const modeRanks = (values, mode) => {
    const ranks = new Array(values.length);
    descending(values).forEach((at, place) => { ranks[at] = place + 1; });
    // A sparse score of 0 shares no token with the query: it has no place.
    return mode === SPARSE ? ranks.map((rank, at) => (values[at] <= 0 ? 0 : rank)) : ranks;
  };

  const divide = (values, by) => values.map((value) => (by > 0 ? value / by : 0));

  const low = (values) => values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = (values) => values.reduce((a, b) => Math.max(a, b), -Infinity);

  const minMax = (values) => {
    const least = low(values);
    return divide(values.map((value) => value - least), high(values) - least);
  };

  const zScore = (values) => {
    const n = values.length;
    const mean = values.reduce((sum, value) => sum + value) / n;
    const centred = values.map((value) => value - mean);
    const variance = centred.reduce((sum, value) => sum + value * value, 0) / n;
    return divide(centred, low(values) === high(values) ? 0 : Math.sqrt(variance));
  };

  const NORMALISE = { "none": (values) => values, "min-max": minMax, "z-score": zScore };

  // settings: {weights: [d, s, m], normalise, method, rrf_k} as studio.records.FusionSettings.
  const rank = (scores, settings) => {
    const n = scores[0].length;
    const ranks = scores.map(modeRanks);
    const normalised = n === 0 ? scores : settings.method === "rrf"
      ? ranks.map((mode) => mode.map((r) => (r > 0 ? 1 / (settings.rrf_k + r) : 0)))
      : scores.map(NORMALISE[settings.normalise]);
    const contributions = normalised.map((mode, m) => mode.map((v) => v * settings.weights[m]));
    const total = contributions[0].map((d, i) => d + contributions[1][i] + contributions[2][i]);
    return { order: descending(total), total, normalised, contributions, ranks };
  };

  window.studio = Object.assign(window.studio || {}, { rank });
})();
