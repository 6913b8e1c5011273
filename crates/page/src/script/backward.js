// The first part of the page: the batch and its numbers.

const START = { x: [-1.5, 0.5, 1, 3, -3, 2], dU: [1, -0.5, 0.5, 2, -1, 0] };

function startBackward() {
  const part = byId("backward");
  const rows = [...part.querySelectorAll("tr[data-key]")];
  const say = announcer(byId("backward-status"));
  const ways = byId("ways");
  let drawing;
  let values;
  const reset = () => (values = { x: [...START.x], dU: [...START.dU] });
  reset();
  const lines = {
    x: numberLine(byId("batch-x"), (i) => `x${subscript(i + 1)}`, (i, value) => move("x", i, value)),
    dU: numberLine(byId("batch-g"), (i) => `∂J/∂u${subscript(i + 1)}`, (i, value) => move("dU", i, value)),
  };

  function move(which, index, value) {
    values[which][index] = value;
    update();
  }

  function batch() {
    const m = Number(byId("count").value);
    const [gamma, beta, epsilon] = ["gamma", "beta", "epsilon"].map((id) => Number(byId(id).value));
    return { x: values.x.slice(0, m), dU: values.dU.slice(0, m), gamma, beta, epsilon };
  }

  /** What of the step-by-step numbers a bias on every x adds. */
  function biased(plain) {
    const bias = Number(byId("bias").value);
    const withBias = plain.x.map((value) => value + bias);
    const { u } = forward({ ...plain, x: withBias });
    return { withBias, uChange: u.map((value, i) => value - forward(plain).u[i]) };
  }

  function update() {
    const plain = batch();
    const result = { ...backward(plain), ...biased(plain), numeric: finiteDifferences(plain) };
    result.closedError = result.closed.map((value, i) => value - result.dX[i]);
    result.numericError = result.numeric.map((value, i) => value - result.closed[i]);
    const deviation = 1 / result.inverse;
    lines.x.show(plain.x, { mean: result.mean, band: [result.mean - deviation, result.mean + deviation] });
    lines.dU.show(plain.dU);
    for (const row of rows) fillRow(row, result[row.dataset.key], result.m);
    heads(result.m);
    drawing = result;
    drawWays(ways, drawing);
    say(finding(result));
  }

  /** The columns 1 … m, where a row of the table has them. */
  function heads(m) {
    for (const head of part.querySelectorAll("table.numbers thead tr")) {
      head.hidden = !head.closest("table").querySelector("td:not(.single)");
      while (head.cells.length > m + 1) head.deleteCell(-1);
      while (head.cells.length < m + 1) {
        const cell = element("th", { scope: "col" });
        cell.textContent = `i = ${head.cells.length}`;
        head.append(cell);
      }
    }
  }

  function finding({ closed, closedError, numericError }) {
    if (!closed.every(Number.isFinite)) {
      return "All numbers are equal and ε is 0: the variance is 0, and there is nothing to divide by. That is what ε is for.";
    }
    const size = largest(closed);
    return `The closed form differs from the sum of the three ways by at most ${format(largest(closedError))}, and from finite ` +
      `differences by at most ${format(largest(numericError))}. The largest ∂J/∂x is ${format(size)}.`;
  }

  onControls(["count", "gamma", "beta", "epsilon", "bias"], update);
  byId("batch-reset").addEventListener("click", () => {
    reset();
    for (const control of part.querySelectorAll("input, select")) {
      const chosen = [...(control.options ?? [])].findIndex((option) => option.defaultSelected);
      if (chosen >= 0) control.selectedIndex = chosen;
      else control.value = control.defaultValue;
      control.dispatchEvent(new Event("input"));
    }
  });
  update();
  onWidth(ways, () => drawWays(ways, drawing));
}
