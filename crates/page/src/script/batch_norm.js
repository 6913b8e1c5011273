// Batch norm of one channel, and every derivative of its backward pass, as the equations have them.

/** Forward: mean, variance, x̂ and u. */
function forward({ x, gamma, beta, epsilon }) {
  const m = x.length;
  const mean = sum(x) / m;
  const centred = x.map((value) => value - mean);
  const variance = sum(centred.map((value) => value * value)) / m;
  const inverse = 1 / Math.sqrt(variance + epsilon);
  const xHat = centred.map((value) => value * inverse);
  const u = xHat.map((value) => gamma * value + beta);
  return { m, mean, centred, variance, inverse, xHat, u };
}

/** The loss J = Σ ∂J/∂u · u, whose derivatives by u are those that were chosen. */
function loss(batch) {
  const { u } = forward(batch);
  return sum(u.map((value, i) => batch.dU[i] * value));
}

/** Backward: each derivative by its own equation, the three ways from x to the loss, and their sum. */
function backward(batch) {
  const { dU, gamma } = batch;
  const values = forward(batch);
  const { m, centred, inverse, xHat } = values;
  const cube = inverse ** 3;
  const dXHat = dU.map((value) => gamma * value);

  const xHatByX = inverse;
  const firstWay = dXHat.map((value) => value * xHatByX);

  const xHatByMean = -inverse;
  const varianceByMean = (-2 / m) * sum(centred);
  const xHatByVariance = centred.map((value) => -0.5 * cube * value);
  const dVariance = sum(dXHat.map((value, j) => value * xHatByVariance[j]));
  const dMean = sum(dXHat.map((value) => value * xHatByMean));
  const meanByX = 1 / m;
  const secondWay = dXHat.map(() => dMean * meanByX);

  const varianceByX = centred.map((value) => (2 * value) / m);
  const thirdWay = varianceByX.map((value) => dVariance * value);

  const dX = firstWay.map((value, i) => value + secondWay[i] + thirdWay[i]);
  const total = sum(dXHat);
  const along = sum(dXHat.map((value, j) => value * xHat[j]));
  const closed = dXHat.map((value, i) => (inverse / m) * (m * value - total - xHat[i] * along));
  return {
    ...values, dU, dXHat, xHatByX, firstWay, xHatByMean, varianceByMean, dMean, meanByX, secondWay,
    xHatByVariance, dVariance, varianceByX, thirdWay, dX, closed, dBias: sum(closed),
  };
}

/** ∂J/∂x by moving each x up and down, by a small share of the deviation. */
function finiteDifferences(batch) {
  const { inverse } = forward(batch);
  const h = 1e-5 / inverse;
  return batch.x.map((_, i) => {
    const moved = (by) => loss({ ...batch, x: batch.x.map((value, j) => (j === i ? value + by : value)) });
    return (moved(h) - moved(-h)) / (2 * h);
  });
}
