const ORIGINS = ["cited", "measured", "assumed", "chosen", "override", "computed"];
const mounts = new WeakMap();

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined && text !== null) made.textContent = text;
  return made;
}

function sourceLine(source) {
  const line = element("div", "more");
  if (!source) return line;
  const words = [source.title, source.where].filter(Boolean).join(", ");
  line.append(document.createTextNode(words));
  if (!source.url) return line;
  line.append(document.createTextNode(words ? " · " : ""));
  let safe = null;
  try {
    safe = new URL(source.url);
  } catch {
    safe = null;
  }
  if (safe?.protocol === "https:") {
    const link = element("a", "", source.url);
    link.href = safe.href;
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    link.tabIndex = -1;
    line.append(link);
  } else {
    line.append(document.createTextNode(source.url));
  }
  return line;
}

function makeNode(mount, node, path, level) {
  const item = element("li", level === 1 ? "root" : "");
  const children = node.children ?? [];
  item.setAttribute("role", "treeitem");
  item.setAttribute("aria-level", level);
  item.dataset.path = path;
  item.tabIndex = -1;
  const origin = ORIGINS.includes(node.origin) ? node.origin : "computed";
  item.setAttribute("aria-label", `${node.label}: ${node.value}, ${origin}`);
  const row = element("div", "row");
  const badge = element("span", "badge", origin);
  badge.style.setProperty("--tone", `var(--eccc-badge-${origin})`);
  const twist = element("span", "twist", children.length ? "▶" : "");
  twist.setAttribute("aria-hidden", "true");
  row.append(twist, element("span", "label", node.label), element("span", "value", node.value), badge);
  const formula = element("div", "more formula", node.formula ?? "");
  row.append(formula, element("div", "more", node.note ?? ""), sourceLine(node.source));
  item.append(row);
  if (children.length) {
    const open = mount.open.get(path) ?? level < mount.openLevels;
    item.setAttribute("aria-expanded", String(open));
    const list = element("ul");
    list.setAttribute("role", "group");
    children.forEach((child, at) => list.append(makeNode(mount, child, `${path}/${at}:${child.label}`, level + 1)));
    item.append(list);
    row.addEventListener("click", (event) => {
      if (event.target.closest("a")) return;
      focusItem(mount, item);
      setOpen(mount, item, item.getAttribute("aria-expanded") !== "true");
    });
  } else {
    row.addEventListener("click", (event) => event.target.closest("a") || focusItem(mount, item));
  }
  return item;
}

function setOpen(mount, item, open) {
  item.setAttribute("aria-expanded", String(open));
  mount.open.set(item.dataset.path, open);
}

function visible(mount) {
  return [...mount.list.querySelectorAll("li")].filter(
    (item) => !item.parentElement.closest('li[aria-expanded="false"]'),
  );
}

function focusItem(mount, item) {
  mount.list.querySelectorAll('li[tabindex="0"]').forEach((other) => (other.tabIndex = -1));
  item.tabIndex = 0;
  item.focus({ preventScroll: false });
}

function onKey(mount, event) {
  const item = event.target.closest("li");
  if (!item || event.altKey || event.ctrlKey || event.metaKey) return;
  const shown = visible(mount);
  const at = shown.indexOf(item);
  const state = item.getAttribute("aria-expanded");
  const go = (next) => next && focusItem(mount, next);
  const moves = {
    ArrowDown: () => go(shown[at + 1]),
    ArrowUp: () => go(shown[at - 1]),
    Home: () => go(shown[0]),
    End: () => go(shown[shown.length - 1]),
    ArrowRight: () => (state === "false" ? setOpen(mount, item, true) : state && go(shown[at + 1])),
    ArrowLeft: () =>
      state === "true" ? setOpen(mount, item, false) : go(item.parentElement.closest("li")),
    Enter: () => item.querySelector(":scope > .row a")?.click() ?? (state && setOpen(mount, item, state !== "true")),
    " ": () => state && setOpen(mount, item, state !== "true"),
    "*": () => item.parentElement.querySelectorAll(":scope > li[aria-expanded]").forEach((li) => setOpen(mount, li, true)),
  };
  if (!(event.key in moves)) return;
  event.preventDefault();
  moves[event.key]();
}

function update(mount, data) {
  mount.openLevels = data.open_levels;
  const active = mount.list.getRootNode().activeElement;
  const focused = active?.dataset?.path;
  mount.list.setAttribute("aria-label", `How ${data.root.label} comes about`);
  mount.list.replaceChildren(makeNode(mount, data.root, data.root.label, 1));
  const same = focused && mount.list.querySelector(`[data-path="${CSS.escape(focused)}"]`);
  if (same) focusItem(mount, same);
  else mount.list.firstElementChild.tabIndex = 0;
}

export default function (component) {
  const { data, parentElement } = component;
  let mount = mounts.get(parentElement);
  if (!mount) {
    const root = element("div", "tree");
    const list = element("ul");
    list.setAttribute("role", "tree");
    root.append(list);
    parentElement.append(root);
    mount = { root, list, open: new Map() };
    list.addEventListener("keydown", (event) => onKey(mount, event));
    mounts.set(parentElement, mount);
  }
  update(mount, data);
  return () => {
    mount.root.remove();
    mounts.delete(parentElement);
  };
}
