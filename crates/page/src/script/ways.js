// The chart of the three ways: for each x a group of bars, and their sum.

const WAYS = { left: 52, right: 12, row: 16, gap: 16, axis: 26 };

function drawWays(container, { firstWay, secondWay, thirdWay, closed }) {
  // With a variance and an ε of 0 there are no numbers to draw.
  const finite = (values) => values.map((value) => (Number.isFinite(value) ? value : 0));
  const ways = [["first", firstWay], ["second", secondWay], ["third", thirdWay], ["sum", closed]];
  const rows = ways.map(([way, values]) => [way, finite(values)]);
  const m = closed.length;
  const most = largest(rows.flatMap(([, values]) => values)) || 1;
  const width = Math.max(240, contentWidth(container));
  const middle = (WAYS.left + width - WAYS.right) / 2;
  const x = (value) => middle + (value / most) * (width - WAYS.right - middle);
  const group = rows.length * WAYS.row + WAYS.gap;
  const height = m * group + WAYS.axis;
  const marks = [];
  closed.forEach((_, i) => {
    const top = i * group + WAYS.gap / 2;
    const label = shape("text", { class: "lane", x: 0, y: top + rows.length * WAYS.row / 2 + 5 });
    label.textContent = `x${subscript(i + 1)}`;
    marks.push(label);
    rows.forEach(([way, values], row) => {
      const [from, to] = [x(0), x(values[i])];
      marks.push(shape("rect", {
        class: way, x: Math.min(from, to), width: Math.max(1.5, Math.abs(to - from)), y: top + row * WAYS.row + 1,
        height: WAYS.row - 2, rx: 2,
      }));
    });
  });
  for (const value of [-most, 0, most]) {
    const anchor = value < 0 ? "start" : value > 0 ? "end" : "middle";
    const label = shape("text", { class: "tick", x: x(value), y: height - 6, style: `text-anchor: ${anchor}` });
    label.textContent = format(value);
    marks.push(label);
  }
  const text = closed.map((value, i) => `x${i + 1}: ${rows.map(([, values]) => format(values[i])).join(", ")}`);
  const axis = shape("line", { class: "axis", x1: x(0), x2: x(0), y1: 0, y2: height - WAYS.axis + 4 });
  container.replaceChildren(shape("svg", {
    viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": `First, second and third way, and their sum, for each x. ${text.join("; ")}.`,
  }, axis, ...marks));
}
