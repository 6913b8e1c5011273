// Any norm on a batch, by its statistics sets: which elements [n, c, y, x] share a mean and a deviation.

/** The mean of the values over each set. */
function setMeans(values, sets) {
  const totals = [];
  const counts = [];
  values.forEach((value, at) => {
    const set = sets[at];
    totals[set] = (totals[set] ?? 0) + value;
    counts[set] = (counts[set] ?? 0) + 1;
  });
  return totals.map((total, set) => total / counts[set]);
}

/** The norm of a whole batch, flat: subtract means where it centres, divide by deviations where it divides. */
function normalize(values, { sets, centres, divides }, epsilon) {
  const means = centres ? setMeans(values, sets) : [];
  const centred = centres ? values.map((value, at) => value - means[sets[at]]) : values;
  if (!divides) return centred;
  const squares = setMeans(centred.map((value) => value * value), sets);
  return centred.map((value, at) => value / Math.sqrt(squares[sets[at]] + epsilon));
}

/** What a norm takes away of a bias, which is the same in every image: its mean over each set. */
function takenAway(bias, { sets, centres }, images) {
  if (!centres) return bias.map(() => 0);
  const means = setMeans(Array.from({ length: images }, () => bias).flat(), sets);
  return bias.map((_, at) => means[sets[at]]);
}
