const decoder = new TextDecoder();
const SVG = "http://www.w3.org/2000/svg";
const STAGE = 132; // the same height as .stage
const BARS = { top: 44, height: 66 };
const LINE = { top: 8, height: 30 };
const FAR = 5;
const STACK = 5; // how far each further card shows, as in .card

const mounts = new WeakMap();

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined && text !== null) made.textContent = text;
  return made;
}

function shape(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function levelOf(part) {
  if (part.unstable) return "var(--eccc-bad)";
  if (part.utilisation === null || part.utilisation === undefined) return "var(--eccc-other)";
  if (part.utilisation >= 0.9) return "var(--eccc-bad)";
  return part.utilisation >= 0.7 ? "var(--eccc-warn)" : "var(--eccc-good)";
}

function chip(text, strong) {
  return element("span", strong ? "chip strong" : "chip", text);
}

function flags(part) {
  const made = [];
  if (part.unstable) made.push(element("span", "flag overloaded", "overloaded"));
  if (part.bottleneck) made.push(element("span", "flag bottleneck", "▲ bottleneck"));
  return made;
}

function meter(name, label, share, level) {
  const row = element("span", name === "Busy" ? "meter busy" : "meter");
  row.append(element("span", "name", name), element("span", "value", label || "not known"));
  const track = element("span", "track");
  const fill = element("span", "fill");
  track.style.display = fill.style.display = "block";
  const known = share !== null && share !== undefined;
  fill.style.width = `${Math.min(100, Math.max(0, known ? share * 100 : 0))}%`;
  fill.style.setProperty("--level", level);
  if (!known) fill.style.minWidth = "0";
  track.append(fill);
  row.append(track);
  return row;
}

function spoken(part) {
  const words = [part.label, part.machine ?? part.technology, part.count_label];
  if (part.runs !== undefined) words.push(part.runs ? `runs ${part.runs}` : "runs nothing");
  if (part.payload) words.push(`carries ${part.payload}`);
  if (part.time) words.push(part.time);
  if (part.unstable) words.push("overloaded");
  else if (part.utilisation_label) words.push(`${part.utilisation_label} busy`);
  if (part.memory) words.push(`memory ${part.memory}`);
  if (part.bottleneck) words.push("bottleneck");
  return words.filter(Boolean).join(", ");
}

function button(mount, part, className) {
  const made = element("button", className);
  made.type = "button";
  made.dataset.part = part.id;
  made.disabled = mount.model.read_only === true;
  made.setAttribute("aria-label", spoken(part));
  made.setAttribute("aria-pressed", String(mount.model.selected === part.id));
  made.style.setProperty("--place", `var(--eccc-${part.id})`);
  made.addEventListener("click", () => send(mount, { kind: "select", target: part.id }));
  return made;
}

function makeTier(mount, tier) {
  const wrap = element("div", "wrap");
  if (tier.count > 2) wrap.append(element("span", "card two"));
  if (tier.count > 1) wrap.append(element("span", "card one"));
  const box = button(mount, tier, "tier");
  box.classList.toggle("unstable", tier.unstable === true);
  box.classList.toggle("idle", !tier.runs);
  const head = element("span", "head");
  head.append(element("span", "place", tier.label), element("span", "count", tier.count_label));
  const line = element("span", "line");
  if (tier.runs && tier.precision) line.append(chip(tier.precision, true));
  if (tier.runs && tier.time) line.append(chip(tier.time));
  line.append(...flags(tier));
  const meters = element("span", "meters");
  meters.append(
    meter("Busy", tier.utilisation_label, tier.utilisation, levelOf(tier)),
    meter("Memory", tier.memory, tier.memory_frac, tier.memory_frac > 1 ? "var(--eccc-bad)" : "var(--eccc-muted)"),
  );
  box.append(
    head,
    element("span", "machine", tier.machine),
    element("span", "runs", tier.runs || "runs nothing"),
    line,
    meters,
  );
  wrap.append(box);
  return wrap;
}

function makeHop(mount, hop) {
  const box = button(mount, hop, "hop");
  box.classList.toggle("unstable", hop.unstable === true);
  box.classList.toggle("quiet", !hop.payload);
  box.classList.toggle("radio", hop.radio === true);
  box.style.setProperty("--level", levelOf(hop));
  box.style.setProperty("--thick", `${3 + 5 * Math.min(1, hop.utilisation ?? 0)}px`);
  const arrow = element("span", "arrow");
  arrow.append(element("span", "shaft"), element("span", "tip"));
  const line = element("span", "line");
  line.append(chip(hop.payload || "nothing crosses", Boolean(hop.payload)));
  if (hop.payload && hop.time) line.append(chip(hop.time));
  const busy = element("span", "facts", hop.utilisation_label ? `${hop.utilisation_label} busy` : "");
  const facts = element("span", "facts");
  facts.append(...[hop.bandwidth, hop.rtt].filter(Boolean).map((words) => element("span", "", words)));
  box.append(
    element("span", "place", hop.technology || hop.label),
    line,
    arrow,
    facts,
    busy,
  );
  const raised = flags(hop);
  if (raised.length) {
    const row = element("span", "line");
    row.append(...raised);
    box.append(row);
  }
  return box;
}

function placeOf(layer, cuts) {
  if (layer < cuts[0]) return "device";
  return layer < cuts[1] ? "edge" : "cloud";
}

function boundaryText(strip, at) {
  const layers = strip.names.length;
  if (at === 0) return `before the first layer (input, ${strip.payload[0]})`;
  if (at === layers) return `after the last layer (result, ${strip.payload[layers]})`;
  return `after ${strip.names[at - 1]} (${at} of ${layers}, ${strip.payload[at]})`;
}

function drawStrip(mount) {
  const { strip } = mount.model;
  const { svg, stage } = mount;
  const width = stage.clientWidth || 600;
  const layers = strip.names.length;
  const step = width / layers;
  mount.width = width;
  svg.setAttribute("viewBox", `0 0 ${width} ${STAGE}`);
  const drawn = [];
  strip.names.forEach((name, at) => {
    const tall = Math.max(4, strip.work[at] * BARS.height);
    const bar = shape("rect", {
      class: "bar",
      x: at * step,
      y: BARS.top + BARS.height - tall,
      width: step,
      height: tall,
      rx: Math.min(2, step / 4),
    });
    const title = shape("title", {});
    title.textContent = `${name}: output ${strip.payload[at + 1]}`;
    bar.append(title);
    drawn.push(bar);
  });
  mount.bars = drawn;
  const base = BARS.top + BARS.height + 1;
  const points = strip.payload_frac.map(
    (share, at) => `${at * step},${LINE.top + LINE.height * (1 - share)}`,
  );
  svg.replaceChildren(
    ...drawn,
    shape("line", { class: "axis", x1: 0, x2: width, y1: base, y2: base }),
    shape("polyline", { class: "payload", points: points.join(" ") }),
  );
  mount.dots = [0, 1].map(() => shape("circle", { class: "payload-dot", r: 4 }));
  svg.append(...mount.dots);
  placeCuts(mount);
}

function placeCuts(mount) {
  const { strip, read_only: readOnly } = mount.model;
  const step = mount.width / strip.names.length;
  mount.bars.forEach((bar, layer) => {
    bar.style.fill = `var(--eccc-${placeOf(layer, mount.cuts)})`;
  });
  mount.grips.forEach((grip, which) => {
    const at = mount.cuts[which];
    grip.style.left = `${at * step}px`;
    grip.setAttribute("aria-valuemin", which === 0 ? 0 : mount.cuts[0]);
    grip.setAttribute("aria-valuemax", which === 0 ? mount.cuts[1] : strip.names.length);
    grip.setAttribute("aria-valuenow", at);
    grip.setAttribute("aria-valuetext", boundaryText(strip, at));
    grip.setAttribute("aria-disabled", String(readOnly === true));
    mount.said[which].textContent = boundaryText(strip, at);
    mount.dots[which].setAttribute("cx", at * step);
    mount.dots[which].setAttribute("cy", LINE.top + LINE.height * (1 - strip.payload_frac[at]));
  });
}

function allowed(mount) {
  const { strip } = mount.model;
  return strip.valid ?? Array.from({ length: strip.names.length + 1 }, (_, at) => at);
}

function moveCut(mount, which, wanted) {
  const [low, high] = which === 0 ? [0, mount.cuts[1]] : [mount.cuts[0], mount.model.strip.names.length];
  const reach = allowed(mount).filter((at) => at >= low && at <= high);
  if (reach.length === 0) return;
  const nearest = reach.reduce((best, at) => (Math.abs(at - wanted) < Math.abs(best - wanted) ? at : best));
  if (nearest === mount.cuts[which]) return;
  mount.cuts[which] = nearest;
  placeCuts(mount);
}

function keyMove(mount, which, key) {
  const all = allowed(mount);
  const here = all.indexOf(mount.cuts[which]);
  const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -FAR, PageUp: FAR };
  if (key === "Home") return all[0];
  if (key === "End") return all[all.length - 1];
  if (!(key in steps)) return null;
  return all[Math.max(0, Math.min(all.length - 1, here + steps[key]))];
}

function send(mount, event) {
  mount.serial = Math.max(Date.now(), mount.serial + 1);
  mount.setStateValue("event", { ...event, serial: mount.serial });
}

function sendCuts(mount) {
  const { strip } = mount.model;
  if (mount.cuts[0] === strip.cut1 && mount.cuts[1] === strip.cut2) return;
  send(mount, { kind: "cuts", cut1: mount.cuts[0], cut2: mount.cuts[1] });
}

function makeGrip(mount, which) {
  const grip = element("div", which === 0 ? "grip first" : "grip second");
  grip.tabIndex = 0;
  grip.setAttribute("role", "slider");
  grip.setAttribute("aria-orientation", "horizontal");
  grip.setAttribute("aria-label", which === 0 ? "Cut between device and edge" : "Cut between edge and cloud");
  grip.style.setProperty("--place", which === 0 ? "var(--eccc-uplink)" : "var(--eccc-backhaul)");
  grip.append(element("span", "knob"));
  const locked = () => mount.model.read_only === true;
  grip.addEventListener("pointerdown", (event) => {
    if (locked()) return;
    grip.setPointerCapture(event.pointerId);
    mount.dragging = which;
    grip.focus({ preventScroll: true });
    event.preventDefault();
  });
  grip.addEventListener("pointermove", (event) => {
    if (mount.dragging !== which) return;
    const left = mount.stage.getBoundingClientRect().left;
    moveCut(mount, which, ((event.clientX - left) / mount.width) * mount.model.strip.names.length);
  });
  const release = () => {
    if (mount.dragging !== which) return;
    mount.dragging = null;
    sendCuts(mount);
  };
  grip.addEventListener("pointerup", release);
  grip.addEventListener("pointercancel", release);
  grip.addEventListener("keydown", (event) => {
    const wanted = locked() ? null : keyMove(mount, which, event.key);
    if (wanted === null) return;
    event.preventDefault();
    moveCut(mount, which, wanted);
    clearTimeout(mount.typing);
    mount.typing = setTimeout(() => sendCuts(mount), 120);
  });
  return grip;
}

function legend(entries) {
  const made = element("div", "legend");
  for (const [place, words] of entries) {
    const key = element("span", "key");
    const swatch = element("span", place ? "swatch" : "swatch stroke");
    if (place) swatch.style.setProperty("--place", `var(--eccc-${place})`);
    key.append(swatch, element("span", "", words));
    made.append(key);
  }
  return made;
}

function makeStrip(mount) {
  const strip = element("div", "strip");
  const head = element("div", "strip-head");
  mount.stripTitle = element("b", "", "Layers: bar height is work");
  mount.hint = element("span", "hint");
  head.append(mount.stripTitle, mount.hint);
  mount.stage = element("div", "stage");
  mount.svg = shape("svg", { "aria-hidden": "true" });
  mount.grips = [makeGrip(mount, 0), makeGrip(mount, 1)];
  mount.stage.append(mount.svg, ...mount.grips);
  const said = element("div", "said");
  mount.said = [];
  for (const [words, place] of [["Device → edge", "uplink"], ["Edge → cloud", "backhaul"]]) {
    const line = element("div");
    const name = element("b", "", `${words} `);
    name.style.setProperty("--place", `var(--eccc-${place})`);
    const where = element("span");
    mount.said.push(where);
    line.append(name, where);
    said.append(line);
  }
  strip.append(
    head,
    mount.stage,
    said,
    legend([["device", "on the device"], ["edge", "at the edge"], ["cloud", "in the cloud"], ["", "line: what would cross a cut there"]]),
  );
  mount.sizes.observe(mount.stage);
  return strip;
}

function update(mount) {
  const { model, flow } = mount;
  const focused = mount.shadow.activeElement?.dataset?.part;
  const parts = [];
  model.tiers.forEach((tier, at) => {
    parts.push(makeTier(mount, tier));
    if (model.hops[at]) parts.push(makeHop(mount, model.hops[at]));
  });
  flow.replaceChildren(...parts);
  const stacked = model.tiers.map((tier) => STACK * Math.min(2, Math.max(0, tier.count - 1)));
  flow.style.setProperty("--last", `${stacked[stacked.length - 1]}px`);
  flow.style.setProperty("--most", `${Math.max(...stacked)}px`);
  if (focused) flow.querySelector(`[data-part="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  mount.root.setAttribute("aria-label", model.alt);
  mount.strip.hidden = !model.strip;
  if (!model.strip) return;
  mount.hint.textContent = model.read_only ? "" : "Drag a handle, or use the arrow keys";
  if (mount.dragging === null) mount.cuts = [model.strip.cut1, model.strip.cut2];
  drawStrip(mount);
}

function makeMount(parent) {
  const root = element("div", "root");
  root.setAttribute("role", "group");
  const mount = { root, shadow: parent.getRootNode(), cuts: [0, 0], serial: 0, dragging: null, model: {} };
  mount.sizes = new ResizeObserver(() => {
    if (mount.model.strip && mount.stage.clientWidth !== mount.width) drawStrip(mount);
  });
  mount.flow = element("div", "flow");
  mount.strip = makeStrip(mount);
  root.append(mount.flow, mount.strip);
  parent.append(root);
  return mount;
}

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  let mount = mounts.get(parentElement);
  if (!mount) {
    mount = makeMount(parentElement);
    mounts.set(parentElement, mount);
  }
  mount.model = JSON.parse(decoder.decode(data));
  mount.setStateValue = setStateValue;
  update(mount);
  return () => {
    clearTimeout(mount.typing);
    mount.sizes.disconnect();
    mount.root.remove();
    mounts.delete(parentElement);
  };
}
