// A number line with points that can be dragged, one in a lane of its own: each is a slider to keyboards and screen readers.

const LINE = { from: -5, to: 5, left: 60, right: 18, lane: 34, axis: 30, step: 0.05 };

const subscript = (index) => "₀₁₂₃₄₅₆₇₈₉"[index];

/** Rounded to the step, and kept on the line. */
function onLine(value) {
  const rounded = Math.round(value / LINE.step) * LINE.step;
  return Math.min(LINE.to, Math.max(LINE.from, Number(rounded.toFixed(2))));
}

/**
 * Draws a line for each set of values. `name(index)` labels a point, `moved(index, value)` is told of every move.
 * `show(values, marks)` draws; marks are `{ mean, band: [low, high] }`, or none.
 */
function numberLine(container, name, moved) {
  let points = [];
  let width = 0;
  let shown = [];
  const svg = shape("svg", { viewBox: "0 0 0 0" });
  const band = shape("rect", { class: "band" });
  const mean = shape("line", { class: "mean" });
  container.append(svg);

  const lineX = (value) => LINE.left + ((value - LINE.from) / (LINE.to - LINE.from)) * (width - LINE.left - LINE.right);
  const lineValue = (x) => LINE.from + ((x - LINE.left) / (width - LINE.left - LINE.right)) * (LINE.to - LINE.from);
  const valueAt = (event) => {
    const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return onLine(lineValue(place.x));
  };

  function point(index) {
    const dot = shape("circle", { r: 12 });
    const label = shape("text", { class: "inside", dy: 5 });
    label.textContent = index + 1;
    const group = shape("g", {
      class: "point", role: "slider", tabindex: 0, "aria-label": name(index),
      "aria-valuemin": LINE.from, "aria-valuemax": LINE.to,
    }, dot, label);
    group.addEventListener("pointerdown", (event) => {
      group.setPointerCapture(event.pointerId);
      group.focus({ preventScroll: true });
      event.preventDefault();
    });
    group.addEventListener("pointermove", (event) => {
      if (group.hasPointerCapture(event.pointerId)) moved(index, valueAt(event));
    });
    group.addEventListener("keydown", (event) => {
      const now = Number(group.getAttribute("aria-valuenow"));
      const steps = {
        ArrowRight: now + 0.1, ArrowUp: now + 0.1, ArrowLeft: now - 0.1, ArrowDown: now - 0.1,
        PageUp: now + 1, PageDown: now - 1, Home: LINE.from, End: LINE.to,
      };
      if (!(event.key in steps)) return;
      event.preventDefault();
      moved(index, onLine(steps[event.key]));
    });
    return group;
  }

  /** The empty line for so many points. */
  function lay(count) {
    const bottom = count * LINE.lane + 8;
    width = Math.max(240, contentWidth(container));
    svg.setAttribute("viewBox", `0 0 ${width} ${bottom + LINE.axis}`);
    const lanes = Array.from({ length: count }, (_, index) => {
      const y = (index + 0.5) * LINE.lane + 4;
      const label = shape("text", { class: "lane", x: 0, y: y + 5 });
      label.textContent = name(index);
      return [shape("line", { class: "lane", x1: lineX(LINE.from), x2: lineX(LINE.to), y1: y, y2: y }), label];
    });
    const ticks = [];
    for (let value = LINE.from; value <= LINE.to; value += 1) {
      ticks.push(shape("line", { class: "tick", x1: lineX(value), x2: lineX(value), y1: bottom, y2: bottom + 6 }));
      if (value % 2 !== 0 && lineX(1) - lineX(0) < 26) continue;
      const label = shape("text", { class: "tick", x: lineX(value), y: bottom + 22 });
      label.textContent = String(value).replace("-", "−");
      ticks.push(label);
    }
    for (const mark of [band, mean]) mark.setAttribute("visibility", "hidden");
    points = Array.from({ length: count }, (_, index) => point(index));
    svg.replaceChildren(band, ...lanes.flat(), ...ticks, mean, ...points);
    return bottom;
  }

  let bottom = 0;
  const line = {
    show(values, marks) {
      shown = [values, marks];
      if (points.length !== values.length) bottom = lay(values.length);
      values.forEach((value, index) => {
        const y = (index + 0.5) * LINE.lane + 4;
        points[index].setAttribute("transform", `translate(${lineX(value)} ${y})`);
        points[index].setAttribute("aria-valuenow", value);
        points[index].setAttribute("aria-valuetext", format(value));
      });
      if (!marks) return;
      const [low, high] = marks.band.map((value) => lineX(Math.min(LINE.to, Math.max(LINE.from, value))));
      build(band, { x: low, width: high - low, y: 0, height: bottom, visibility: "visible" }, []);
      build(mean, { x1: lineX(marks.mean), x2: lineX(marks.mean), y1: 0, y2: bottom, visibility: "visible" }, []);
    },
  };
  onWidth(container, () => {
    const focused = points.indexOf(document.activeElement);
    points = [];
    line.show(...shown);
    points[focused]?.focus({ preventScroll: true });
  });
  return line;
}
