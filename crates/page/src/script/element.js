// Elements of the page and of SVG drawings.

const SVG = "http://www.w3.org/2000/svg";

/** A new element with attributes and children; `undefined` attributes are left out. */
function element(name, attributes = {}, ...children) {
  return build(document.createElement(name), attributes, children);
}

/** The same for a part of an SVG drawing. */
function shape(name, attributes = {}, ...children) {
  return build(document.createElementNS(SVG, name), attributes, children);
}

function build(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

const byId = (id) => document.getElementById(id);

/** Calls `changed` whenever one of these controls moves, and keeps the outputs of sliders up to date. */
function onControls(ids, changed) {
  for (const id of ids) {
    const control = byId(id);
    const output = control.parentElement.querySelector("output");
    const show = () => output && (output.textContent = control.value.replace("-", "−"));
    show();
    control.addEventListener("input", () => {
      show();
      changed();
    });
  }
}

/** Calls `changed` whenever an element gets wider or narrower. */
function onWidth(container, changed) {
  let known = contentWidth(container);
  new ResizeObserver(() => {
    const width = contentWidth(container);
    if (width === known || width <= 0) return;
    known = width;
    changed();
  }).observe(container);
}

/** The width inside an element's padding, in whole pixels. */
function contentWidth(container) {
  const { paddingLeft, paddingRight } = getComputedStyle(container);
  return Math.floor(container.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight));
}

/** Says something once nothing has moved for a moment, so that screen readers are not flooded. */
function announcer(region) {
  let timer;
  return (text) => {
    clearTimeout(timer);
    if (!region.textContent) region.textContent = text;
    timer = setTimeout(() => region.textContent !== text && (region.textContent = text), 300);
  };
}
