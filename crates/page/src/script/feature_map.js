// The second part of the page: feature maps, a bias, a norm, and what is left.

function startFeatureMap({ channels, size, epsilon, images, tied, patterns, norms }) {
  const part = byId("feature-map");
  const locations = size * size;
  const say = announcer(byId("map-status"));
  const cells = new Map([...part.querySelectorAll("tr[data-map]")].map((row) => [row.dataset.map, mapCells(row)]));
  const rows = new Map([...part.querySelectorAll("tr[data-key]")].map((row) => [row.dataset.key, row]));

  /** One drawing a channel in a row, with its lowest and highest value below. */
  function mapCells(row) {
    return Array.from({ length: channels }, () => {
      const squares = Array.from({ length: locations }, (_, at) => shape("rect", {
        x: at % size, y: Math.floor(at / size), width: 1.02, height: 1.02,
      }));
      const svg = shape("svg", { viewBox: `0 0 ${size} ${size}`, role: "img" }, ...squares);
      const [low, high] = [element("data"), element("data")];
      const to = element("span", {}, " … ", high);
      row.insertCell().append(svg, element("span", { class: "range" }, low, to));
      return { svg, squares, low, high, to };
    });
  }

  /** Colours reach full strength at `most`. */
  function draw(key, values, most) {
    cells.get(key).forEach(({ svg, squares, low, high, to }, c) => {
      const map = values.slice(c * locations, (c + 1) * locations);
      map.forEach((value, at) => {
        const share = most > 0 ? Math.min(1, Math.abs(value) / most) : 0;
        squares[at].style.setProperty("--share", `${(share * 100).toFixed(1)}%`);
        squares[at].setAttribute("class", value < 0 ? "negative" : "positive");
      });
      const [least, greatest] = [Math.min(...map), Math.max(...map)];
      setNumber(low, least);
      setNumber(high, greatest);
      to.hidden = format(least) === format(greatest);
      const range = to.hidden ? `${format(least)} everywhere` : `from ${format(least)} to ${format(greatest)}`;
      svg.setAttribute("aria-label", `channel ${c + 1}: ${range}`);
    });
  }

  function chosen() {
    const kind = byId("map-bias").value;
    const strength = Number(byId("map-strength").value);
    const pattern = patterns.find(({ name }) => name === byId("map-pattern").value);
    const bias = Array.from({ length: channels * locations }, (_, at) => {
      if (kind === "none") return 0;
      const varied = kind === "untied" ? pattern.values[at] : 0;
      return strength * (tied[Math.floor(at / locations)] + varied);
    });
    return { kind, bias, norm: norms.find(({ name }) => name === byId("map-norm").value), image: Number(byId("map-image").value) };
  }

  function update() {
    const { kind, bias, norm, image } = chosen();
    byId("map-pattern").disabled = kind !== "untied";
    byId("map-strength").disabled = kind === "none";
    const batch = images.flat();
    const withoutBias = normalize(batch, norm, epsilon);
    const withBias = normalize(batch.map((value, at) => value + bias[at % bias.length]), norm, epsilon);
    const change = withBias.map((value, at) => value - withoutBias[at]);
    const removed = takenAway(bias, norm, images.length);
    const left = bias.map((value, at) => value - removed[at]);
    const ofImage = (values) => values.slice(image * bias.length, (image + 1) * bias.length);

    draw("input", images[image], largest(batch));
    const most = largest(bias);
    draw("bias", bias, most);
    draw("removed", removed, most);
    draw("left", left, most);
    const scale = Math.max(largest(withoutBias), largest(withBias));
    draw("without", ofImage(withoutBias), scale);
    draw("with", ofImage(withBias), scale);
    draw("change", ofImage(change), scale);

    const perChannel = (of) => Array.from({ length: channels }, (_, c) => of(c));
    const channelOf = (values, c) => values.slice(c * locations, (c + 1) * locations);
    const mean = (values) => sum(values) / values.length;
    fillRow(rows.get("map-bias-mean"), perChannel((c) => mean(channelOf(bias, c))));
    fillRow(rows.get("map-removed-mean"), perChannel((c) => mean(channelOf(removed, c))));
    fillRow(rows.get("map-left"), perChannel((c) => Math.sqrt(mean(channelOf(left, c).map((value) => value * value)))));
    fillRow(rows.get("map-change"), perChannel((c) =>
      largest(images.flatMap((_, n) => channelOf(change.slice(n * bias.length), c)))));
    say(finding(kind, norm, largest(change)));
  }

  function finding(kind, norm, most) {
    const [redundant, parameters] = norm.redundant[["none", "tied", "untied"].indexOf(kind)];
    if (parameters === 0) return "There is no bias: nothing to take away, and nothing changes.";
    const dimensions = `${kind === "tied" ? "A tied" : "An untied"} bias has ${parameters} dimensions here; this norm removes ${redundant}.`;
    if (most < 1e-12) return `${dimensions} This bias changes the output by no more than rounding does (${format(most)}): it does nothing.`;
    return `${dimensions} This bias changes the output by up to ${format(most)}.`;
  }

  onControls(["map-bias", "map-pattern", "map-strength", "map-norm", "map-image"], update);
  update();
}
