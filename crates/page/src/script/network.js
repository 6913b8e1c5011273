// The third part of the page: a network as its operations, and the way of a bias's shift through it.

const ARRIVES = {
  c: "one number per channel", 1: "the same number everywhere", g: "one number per group of channels", e: "differs by location",
};

function startNetwork(texts, flow) {
  const list = byId("net-nodes");
  const edges = shape("svg", { class: "edges", "aria-hidden": "true" });
  const text = byId("net-text");
  const problem = byId("net-error");
  let boxes = [];
  let chosen = "";
  /** The last network that was understood: its nodes, the sites of its biases, and where those meet. */
  let answered;

  const request = () => ({ text: text.value, norm: byId("net-norm").value, bias: byId("net-bias").value, mode: byId("net-mode").value });
  /** The chosen bias, or the first one where the network has none of that name. */
  const site = () => answered.sites.find(({ name }) => name === chosen) ?? answered.sites[0];

  /** The row of each node: below all that it reads, and below the last one of its lane. */
  function rowsOf(nodes) {
    const last = [0, 0];
    const rows = [];
    for (const { lane, inputs } of nodes) {
      const row = Math.max(last[lane], ...inputs.map((input) => rows[input])) + 1;
      rows.push(row);
      last[lane] = row;
    }
    return rows;
  }

  function arrange() {
    const { nodes } = answered;
    const rows = rowsOf(nodes);
    const bySite = new Map(answered.sites.map((one) => [one.node, one]));
    list.classList.toggle("two-lanes", nodes.some(({ lane }) => lane === 1));
    boxes = nodes.map((node, index) => {
      const one = bySite.get(index);
      const title = element("span", { class: "title" }, node.name);
      const words = node.operation === node.name ? "" : element("span", { class: "words" }, node.operation);
      const chip = element("span", { class: "chip" });
      const box = one && node.kind === "bias"
        ? element("button", { type: "button", class: "box bias" }, title, words, chip)
        : element("div", { class: `box ${node.kind}` }, title, words, chip);
      if (one && node.kind === "norm") box.insertBefore(element("button", { type: "button", class: "beta", "aria-label": one.name }, "β"), chip);
      const button = one && (node.kind === "bias" ? box : box.querySelector("button"));
      if (button) {
        button.dataset.site = one.name;
        button.addEventListener("click", () => choose(one.name));
      }
      const item = element("li", { style: `grid-row: ${rows[index]}; grid-column: ${node.lane + 1}` }, box);
      return { item, box, chip, row: rows[index], lane: node.lane };
    });
    list.replaceChildren(...boxes.map(({ item }) => item), element("li", { role: "presentation", class: "drawn" }, edges));
  }

  function choose(name) {
    chosen = name;
    mark();
  }

  /** Marks the way of the chosen bias. */
  function mark() {
    const one = site();
    list.querySelectorAll("[data-site]").forEach((button) => button.setAttribute("aria-pressed", button.dataset.site === one.name));
    boxes.forEach(({ box, chip }, index) => {
      const removes = one.removedBy.includes(index);
      const atWork = one.atWork.includes(index);
      const passes = index !== one.node && one.all[index] !== ".";
      box.classList.toggle("start", index === one.node);
      box.classList.toggle("removes", removes);
      box.classList.toggle("at-work", atWork);
      box.classList.toggle("passes", passes);
      chip.textContent = chipText(one, index, { removes, atWork, passes });
    });
    drawEdges(one);
    answer(one);
  }

  function chipText(one, index, { removes, atWork, passes }) {
    if (index === one.node) return `starts here: ${ARRIVES[one.all[index]]}`;
    if (removes && atWork) return "removes a part; the rest is at work";
    if (removes) return "removes it";
    if (atWork && passes) return `a part is at work, on goes ${ARRIVES[one.all[index]]}`;
    if (atWork) return "at work here";
    return passes ? ARRIVES[one.all[index]] : "";
  }

  function answer(one) {
    const verdict = one.redundant === one.parameters ? "redundant: it can be left out"
      : one.redundant === 0 ? "at work: no part of it is redundant"
      : `${one.redundant} of its ${one.parameters} dimensions are redundant`;
    byId("net-answer").replaceChildren(
      element("p", { class: "site" }, element("strong", {}, one.name)),
      element("p", { class: "verdict" }, verdict),
      element("p", {}, `${one.parameters} parameters: ${one.sentence}.`),
    );
  }

  function table() {
    byId("net-sites").replaceChildren(...answered.sites.map(({ name, parameters, redundant, sentence }) => {
      const number = (value) => element("td", { class: "number" }, String(value));
      return element("tr", {}, element("th", { scope: "row" }, name), number(parameters), number(redundant),
        number(parameters - redundant), element("td", {}, sentence));
    }));
    byId("net-meetings").replaceChildren(...answered.meetings.map((sentence) => element("li", {}, `${sentence}.`)));
  }

  /** Lines from each node to those that read it; what travels along them is drawn on top, the redundant part innermost. */
  function drawEdges(one) {
    const width = list.clientWidth;
    const place = boxes.map(({ item, box, row, lane }) => ({
      row, lane, left: item.offsetLeft + box.offsetLeft, right: item.offsetLeft + box.offsetLeft + box.offsetWidth,
      top: item.offsetTop + box.offsetTop, bottom: item.offsetTop + box.offsetTop + box.offsetHeight,
    }));
    const drawn = answered.nodes.flatMap(({ inputs }, to) => inputs.flatMap((from) => {
      const { line, head } = route(place[from], place[to], width);
      const passing = one.passing[from] !== ".";
      const rest = one.all[from] !== "." && one.all[from] !== one.passing[from];
      const kinds = ["plain", ...(rest ? ["rest"] : []), ...(passing ? ["passing"] : [])];
      const last = passing ? "passing" : rest ? "rest" : "plain";
      return [...kinds.map((kind) => shape("path", { class: kind, d: line })), shape("path", { class: `head ${last}`, d: head })];
    }));
    edges.setAttribute("viewBox", `0 0 ${width} ${list.clientHeight}`);
    edges.replaceChildren(...drawn);
  }

  /** A line between two boxes: down, by the side where another box lies between, or from lane to lane. */
  function route(from, to, width) {
    const middle = (box) => (box.left + box.right) / 2;
    const height = (box) => (box.top + box.bottom) / 2;
    const down = `M0 0l-5 -9h10z`;
    const turned = (x, y, points) => points.replace("M0 0", `M${x} ${y}`);
    if (from.lane === to.lane && to.row === from.row + 1) {
      return { line: `M${middle(from)} ${from.bottom}V${to.top - 6}`, head: turned(middle(to), to.top, down) };
    }
    const intoSide = turned(to.right, height(to) - 6, "M0 0l9 -5v10z");
    if (from.lane === to.lane) {
      const side = width - 10;
      return { line: `M${from.right} ${height(from) + 6}H${side}V${height(to) - 6}H${to.right + 6}`, head: intoSide };
    }
    if (from.lane < to.lane) {
      return { line: `M${from.right} ${height(from) + 6}H${middle(to)}V${to.top - 6}`, head: turned(middle(to), to.top, down) };
    }
    return { line: `M${middle(from)} ${from.bottom}V${height(to) - 6}H${to.right + 6}`, head: intoSide };
  }

  function update() {
    const net = byId("net").value;
    const known = text.value === texts[net];
    document.querySelectorAll("[data-net]").forEach((about) => (about.hidden = !known || about.dataset.net !== net));
    const reply = flow(request());
    text.setAttribute("aria-invalid", "error" in reply);
    problem.textContent = "error" in reply ? `${reply.error}. The drawing shows the network before that.` : "";
    if ("error" in reply) return;
    answered = reply;
    arrange();
    table();
    mark();
  }

  function restore() {
    text.value = texts[byId("net").value];
    update();
  }

  onControls(["net"], restore);
  onControls(["net-norm", "net-bias", "net-mode", "net-text"], update);
  byId("net-reset").addEventListener("click", restore);
  new ResizeObserver(() => drawEdges(site())).observe(list);
  // On paper the boxes keep the places that the lines were drawn for.
  addEventListener("beforeprint", () => (list.style.width = `${list.offsetWidth}px`));
  addEventListener("afterprint", () => (list.style.width = ""));
  restore();
}
