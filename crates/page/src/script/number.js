// Numbers as people read them; each keeps its full value in the attribute `value` of a <data> element.

const SUPERSCRIPTS = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

/** `0.4500`, `−2.500`, `3.1×10⁻¹⁷`: four digits, or two and a power of ten where the number is very small or large. */
function format(value) {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e4) return value.toPrecision(4).replace("-", "−");
  const [mantissa, exponent] = value.toExponential(1).split("e");
  const power = [...String(Number(exponent))].map((digit) => SUPERSCRIPTS[digit]).join("");
  return `${mantissa.replace("-", "−")}×10${power}`;
}

/** Writes a number into a <data> element. */
function setNumber(element, value) {
  element.value = String(value);
  element.textContent = format(value);
}

/** Writes one number a column into the row of a table, or a single one over all its columns. */
function fillRow(row, values, columns) {
  const single = !Array.isArray(values);
  const list = single ? [values] : values;
  while (row.cells.length > list.length + 1) row.deleteCell(-1);
  list.forEach((value, index) => {
    const cell = row.cells[index + 1] ?? row.insertCell();
    if (!cell.firstChild) cell.append(document.createElement("data"));
    cell.colSpan = single ? columns : 1;
    cell.className = single ? "single" : "";
    setNumber(cell.firstChild, value);
  });
}

const sum = (values) => values.reduce((total, value) => total + value, 0);
const largest = (values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
