const CONFIG = {
  displaylogo: false,
  displayModeBar: "hover",
  // The last one would send the chart to a foreign service.
  modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d", "sendChartToCloud"],
  plotlyServerURL: "",
  showTips: false,
  responsive: false,
};
const LARGEST_TABLE = 500;

const mounts = new WeakMap();
// Plots narrower than this are those of a phone.
const NARROW_PX = 460;
const decoder = new TextDecoder();
let loading = null;

function loadPlotly(address) {
  if (window.Plotly) return Promise.resolve(window.Plotly);
  loading ??= new Promise((resolve, reject) => {
    if (address) {
      const script = document.createElement("script");
      script.src = address;
      script.onload = () => resolve(window.Plotly);
      script.onerror = () => {
        loading = null;
        reject(new Error("the chart library did not arrive"));
      };
      document.head.append(script);
      return;
    }
    // Without our route the library comes as a component of its own and announces nothing.
    const waiting = setInterval(() => {
      if (!window.Plotly) return;
      clearInterval(waiting);
      resolve(window.Plotly);
    }, 30);
  });
  return loading;
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function modeOf(node) {
  return getComputedStyle(node).colorScheme.trim().startsWith("dark") ? "dark" : "light";
}

function isColourKey(key) {
  return key !== "colorbar" && key.toLowerCase().includes("color");
}

function resolveColours(value, palette, colourKey) {
  if (typeof value === "string") {
    return colourKey && value.startsWith("@") ? palette[value.slice(1)] ?? value : value;
  }
  if (Array.isArray(value)) {
    if (!colourKey && typeof value[0] !== "object") return value;
    return value.map((child) => resolveColours(child, palette, colourKey));
  }
  if (value && typeof value === "object") {
    const copy = {};
    for (const [key, child] of Object.entries(value)) {
      copy[key] = resolveColours(child, palette, isColourKey(key));
    }
    return copy;
  }
  return value;
}

function makeCell(mount) {
  const figure = element("figure", "eccc-figure");
  const title = element("h2", "eccc-figure-title");
  const plot = element("div", "eccc-plot");
  // Not an image: the tools of the chart inside it can be reached with the keyboard.
  plot.setAttribute("role", "group");
  plot.setAttribute("aria-roledescription", "chart");
  const wait = element("div", "eccc-plot-wait", "Drawing…");
  plot.append(wait);
  const note = element("p", "eccc-figure-note");
  const bar = element("div", "eccc-figure-bar");
  const toggle = element("button", "", "Show as table");
  toggle.type = "button";
  toggle.setAttribute("aria-expanded", "false");
  bar.append(toggle);
  const scroll = element("div", "eccc-table-scroll");
  scroll.tabIndex = 0;
  scroll.hidden = true;
  scroll.setAttribute("role", "region");
  figure.append(title, plot, note, bar, scroll);
  const cell = { figure, title, plot, wait, note, toggle, scroll, spec: null, drawn: false, width: 0 };
  toggle.addEventListener("click", () => {
    const open = scroll.hidden;
    scroll.hidden = !open;
    toggle.setAttribute("aria-expanded", String(open));
    toggle.textContent = open ? "Hide table" : "Show as table";
    if (open) fillTable(mount, cell);
  });
  mount.sizes.observe(plot);
  return cell;
}

function send(mount, cell, click) {
  mount.serial = Math.max(Date.now(), mount.serial + 1);
  mount.setStateValue("click", { figure: cell.spec.id, serial: mount.serial, ...click });
}

function cellText(value) {
  if (value === null || value === undefined) return "–";
  return typeof value === "number" ? String(Number(value.toPrecision(6))) : String(value);
}

function tableOfTraces(spec) {
  const rows = [];
  const ids = [];
  for (const trace of spec.data) {
    const name = trace.name ?? "";
    const across = trace.x ?? trace.labels ?? trace.theta ?? trace.y ?? [];
    const along = trace.y ?? trace.values ?? trace.r ?? [];
    if (Array.isArray(trace.z)) {
      trace.z.forEach((line, j) =>
        line.forEach((z, i) => rows.push([name, trace.x?.[i] ?? i, trace.y?.[j] ?? j, z])),
      );
      continue;
    }
    along.forEach((value, i) => {
      rows.push([name, across[i], value]);
      ids.push(Array.isArray(trace.customdata) ? trace.customdata[i] : null);
    });
  }
  const axis = (which) => {
    const title = spec.layout?.[which]?.title;
    return (typeof title === "string" ? title : title?.text) ?? which[0];
  };
  const columns = ["Series", axis("xaxis"), axis("yaxis")];
  if (rows.some((row) => row.length > 3)) columns.push("value");
  return { columns, rows, ids: ids.some((id) => id !== null && id !== undefined) ? ids : [] };
}

function fillTable(mount, cell) {
  const table = cell.spec.table ?? tableOfTraces(cell.spec);
  const choosable = table.ids && table.ids.length > 0;
  const made = element("table");
  const caption = element("thead");
  const heads = element("tr");
  for (const column of table.columns) {
    const head = element("th", "", column);
    head.scope = "col";
    heads.append(head);
  }
  if (choosable) heads.append(element("th", "", "Choose"));
  caption.append(heads);
  const body = element("tbody");
  table.rows.slice(0, LARGEST_TABLE).forEach((row, at) => {
    const line = element("tr");
    for (const value of row) line.append(element("td", "", cellText(value)));
    if (choosable) {
      const last = element("td");
      const id = table.ids[at];
      if (id !== null && id !== undefined) {
        const choose = element("button", "", "Choose");
        choose.type = "button";
        choose.setAttribute("aria-label", `Choose ${row.map(cellText).join(", ")}`);
        choose.addEventListener("click", () => send(mount, cell, { id, x: null, y: null, trace: "" }));
        last.append(choose);
      }
      line.append(last);
    }
    body.append(line);
  });
  made.append(caption, body);
  const focused = [...cell.scroll.querySelectorAll("button")].indexOf(document.activeElement);
  cell.scroll.replaceChildren(made);
  cell.scroll.setAttribute("aria-label", `Table of ${cell.spec.title || cell.spec.alt}`);
  if (table.rows.length > LARGEST_TABLE) {
    const rest = `The first ${LARGEST_TABLE} of ${table.rows.length} rows.`;
    cell.scroll.append(element("p", "eccc-figure-note", rest));
  }
  if (focused >= 0) cell.scroll.querySelectorAll("button")[focused]?.focus();
}

const isNarrow = (cell) => (cell.plot.clientWidth || 300) < NARROW_PX;

// On a phone the names stand one below the other: they get room of their own, not that of the plot.
function heightOf(cell) {
  const { spec } = cell;
  const shown = spec.data.filter((trace) => trace.name && trace.showlegend !== false);
  const named = spec.layout.showlegend === false ? 0 : shown.length;
  return spec.height + (isNarrow(cell) ? 18 * Math.max(0, named - 3) : 0);
}

// A trace says in its meta what it leaves out where there is no room.
function fitted(trace, cell) {
  return isNarrow(cell) && trace.meta?.narrow ? { ...trace, ...trace.meta.narrow } : trace;
}

function layoutOf(mount, cell) {
  const { spec, plot } = cell;
  const palette = LOOKS.palettes[mount.mode];
  const layout = resolveColours(spec.layout, palette, false);
  return {
    uirevision: "keep",
    ...layout,
    template: layout.template ?? LOOKS.templates[mount.mode],
    width: plot.clientWidth || 300,
    height: heightOf(cell),
    autosize: false,
  };
}

function draw(mount, cell) {
  const { plot, spec } = cell;
  const palette = LOOKS.palettes[mount.mode];
  const traces = resolveColours(spec.data, palette, false).map((trace) => fitted(trace, cell));
  cell.width = plot.clientWidth;
  cell.narrow = isNarrow(cell);
  plot.style.height = `${heightOf(cell)}px`;
  if (!cell.drawn) cell.wait.remove();
  window.Plotly.react(plot, traces, layoutOf(mount, cell), CONFIG).catch((error) => {
    // Plotly goes on drawing after its plot was taken away; only then is its complaint no news.
    if (mount.alive && cell.figure.isConnected) throw error;
  });
  if (!cell.drawn) {
    cell.drawn = true;
    plot.on("plotly_click", (event) => {
      const point = event.points[0];
      const id = Array.isArray(point.customdata) ? point.customdata[0] : point.customdata;
      if (id === undefined || id === null) return;
      send(mount, cell, { id, x: point.x ?? null, y: point.y ?? null, trace: point.data.name ?? "" });
    });
  }
}

function update(mount) {
  const { data, root, grid, cells } = mount;
  mount.mode = modeOf(root);
  grid.style.setProperty("--eccc-columns", String(data.columns));
  const wanted = new Set(data.figures.map((spec) => spec.id));
  for (const [id, cell] of cells) {
    if (wanted.has(id)) continue;
    mount.sizes.unobserve(cell.plot);
    if (cell.drawn) window.Plotly.purge(cell.plot);
    cell.figure.remove();
    cells.delete(id);
  }
  data.figures.forEach((spec, at) => {
    let cell = cells.get(spec.id);
    if (!cell) {
      cell = makeCell(mount);
      cells.set(spec.id, cell);
    }
    if (grid.children[at] !== cell.figure) grid.insertBefore(cell.figure, grid.children[at] ?? null);
    cell.spec = spec;
    cell.title.textContent = spec.title;
    cell.note.textContent = spec.note;
    if (!cell.drawn) cell.plot.style.height = `${heightOf(cell)}px`;
    cell.plot.setAttribute("aria-label", spec.alt);
    cell.figure.setAttribute("aria-label", spec.title || spec.alt);
    if (!cell.scroll.hidden) fillTable(mount, cell);
  });
  loadPlotly(data.library).then(
    () => mount.alive && data === mount.data && cells.forEach((cell) => draw(mount, cell)),
    (error) => cells.forEach((cell) => (cell.wait.textContent = `No chart: ${error.message}. The table below holds the numbers.`)),
  );
}

function makeMount(parent) {
  const root = element("div", "eccc-figures");
  const grid = element("div", "eccc-figures-grid");
  root.append(grid);
  parent.append(root);
  const mount = { root, grid, cells: new Map(), serial: 0, alive: true, mode: "light" };
  mount.sizes = new ResizeObserver((entries) => {
    for (const entry of entries) {
      for (const cell of mount.cells.values()) {
        const changed = cell.plot === entry.target && cell.drawn && cell.plot.clientWidth > 0;
        if (changed && cell.width !== cell.plot.clientWidth) {
          cell.width = cell.plot.clientWidth;
          if (cell.narrow === isNarrow(cell)) window.Plotly.relayout(cell.plot, { width: cell.width });
          else draw(mount, cell);
        }
      }
    }
  });
  // A change of theme re-renders nothing by itself; its only trace is the colour scheme.
  mount.themes = new MutationObserver(() => {
    if (modeOf(root) !== mount.mode) update(mount);
  });
  const page = document.querySelector("[data-testid=stApp]") ?? document.body;
  mount.themes.observe(page, { attributes: true, attributeFilter: ["class", "style"] });
  return mount;
}

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  let mount = mounts.get(parentElement);
  if (!mount) {
    mount = makeMount(parentElement);
    mounts.set(parentElement, mount);
  }
  mount.data = JSON.parse(decoder.decode(data));
  mount.setStateValue = setStateValue;
  update(mount);
  return () => {
    mount.alive = false;
    mount.sizes.disconnect();
    mount.themes.disconnect();
    mount.cells.forEach((cell) => cell.drawn && window.Plotly?.purge(cell.plot));
    mount.root.remove();
    mounts.delete(parentElement);
  };
}
