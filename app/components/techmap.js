const mounts = new WeakMap();
const MARKS = { use: "●", choice: "◐", text: "○" };
const WORDS = { use: "can be switched on", choice: "expressed by a choice", text: "described only" };

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

function makeButton(mount, id, className, label, hint) {
  const button = element("button", className);
  button.type = "button";
  button.dataset.id = id;
  button.tabIndex = -1;
  button.title = hint ?? "";
  button.append(element("span", "name", label));
  button.setAttribute("aria-pressed", String(id === mount.data.selected));
  button.addEventListener("click", () => {
    mount.serial = Math.max(Date.now(), mount.serial + 1);
    mount.setStateValue("pick", { id, serial: mount.serial });
  });
  return button;
}

function makeItem(mount, item) {
  const button = makeButton(mount, item.id, `leaf ${item.kind}${item.on ? " on" : ""}`, item.name, item.hint);
  const mark = element("span", "mark", item.on ? "✓" : MARKS[item.kind]);
  mark.setAttribute("aria-hidden", "true");
  button.prepend(mark);
  const state = item.on ? "in your design" : WORDS[item.kind];
  button.setAttribute("aria-label", `${item.name}, ${state}`);
  return button;
}

function makeGroup(mount, group) {
  const box = element("div", "group");
  if (group.name) {
    const head = makeButton(mount, group.id, "head", group.name, group.hint);
    if (group.rule) head.append(element("span", "rule", group.rule));
    box.append(head);
  }
  const leaves = element("div", "leaves");
  leaves.append(...group.items.map((item) => makeItem(mount, item)));
  box.append(leaves);
  return box;
}

function update(mount) {
  const { root, data } = mount;
  const focused = mount.shadow.activeElement?.dataset?.id;
  root.setAttribute("aria-label", data.alt);
  root.replaceChildren(
    ...data.layers.map((layer) => {
      const band = element("section", "layer");
      band.append(makeButton(mount, layer.id, "title", layer.name, layer.hint));
      const groups = element("div", "groups");
      groups.append(...layer.groups.map((group) => makeGroup(mount, group)));
      band.append(groups);
      return band;
    }),
  );
  const buttons = [...root.querySelectorAll("button")];
  const home = buttons.find((button) => button.dataset.id === data.selected) ?? buttons[0];
  if (home) home.tabIndex = 0;
  const same = focused && buttons.find((button) => button.dataset.id === focused);
  if (same) same.focus({ preventScroll: true });
}

function nearest(buttons, from, down) {
  const here = from.getBoundingClientRect();
  let best = null;
  let least = Infinity;
  for (const button of buttons) {
    const there = button.getBoundingClientRect();
    const away = down ? there.top - here.bottom : here.top - there.bottom;
    if (away < -2) continue;
    const far = away * 4 + Math.abs(there.left - here.left);
    if (far < least) [best, least] = [button, far];
  }
  return best;
}

function onKey(mount, event) {
  const from = event.target.closest("button");
  if (!from || event.altKey || event.ctrlKey || event.metaKey) return;
  const buttons = [...mount.root.querySelectorAll("button")];
  const at = buttons.indexOf(from);
  const moves = {
    ArrowRight: () => buttons[at + 1],
    ArrowLeft: () => buttons[at - 1],
    ArrowDown: () => nearest(buttons, from, true),
    ArrowUp: () => nearest(buttons, from, false),
    Home: () => buttons[0],
    End: () => buttons[buttons.length - 1],
  };
  if (!(event.key in moves)) return;
  event.preventDefault();
  const next = moves[event.key]();
  if (!next) return;
  from.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  let mount = mounts.get(parentElement);
  if (!mount) {
    const root = element("div", "map");
    root.setAttribute("role", "group");
    parentElement.append(root);
    mount = { root, shadow: parentElement.getRootNode(), serial: 0 };
    root.addEventListener("keydown", (event) => onKey(mount, event));
    mounts.set(parentElement, mount);
  }
  mount.data = data;
  mount.setStateValue = setStateValue;
  update(mount);
  return () => {
    mount.root.remove();
    mounts.delete(parentElement);
  };
}
