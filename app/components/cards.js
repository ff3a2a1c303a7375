const mounts = new WeakMap();
const decoder = new TextDecoder();

function element(tag, className) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  return made;
}

function makeCard(mount, id) {
  const item = element("li", "card");
  const button = element("button", "number");
  const [value, label, said] = ["value", "label", "said"].map((name) => element("span", name));
  const verdict = element("p", "verdict");
  const mark = element("b");
  const words = element("span");
  const tip = element("span", "tip");
  button.type = "button";
  tip.id = `tip-${id}`;
  tip.setAttribute("role", "tooltip");
  button.setAttribute("aria-describedby", tip.id);
  // Read in this order: "p99 latency, 83 ms, explain".
  said.textContent = ", explain";
  button.append(label, value, said);
  button.addEventListener("click", () => {
    mount.serial = Math.max(Date.now(), mount.serial + 1);
    mount.setStateValue("pick", { id, serial: mount.serial });
  });
  button.addEventListener("keydown", (event) => {
    if (event.key === "Escape") item.classList.add("quiet");
  });
  for (const name of ["blur", "mouseenter"]) button.addEventListener(name, () => item.classList.remove("quiet"));
  verdict.append(mark, words);
  item.append(button, tip, verdict);
  return { item, value, label, verdict, mark, words, tip };
}

function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function update(mount, data) {
  mount.list.setAttribute("aria-label", data.label);
  const kept = new Map();
  data.cards.forEach((card, at) => {
    const made = mount.cards.get(card.id) ?? makeCard(mount, card.id);
    kept.set(card.id, made);
    write(made.value, card.value);
    write(made.label, card.label);
    write(made.mark, card.mark ? `${card.mark} ` : "");
    write(made.words, card.verdict);
    write(made.tip, card.help);
    made.verdict.className = `verdict ${card.status}`;
    if (mount.list.children[at] !== made.item) mount.list.insertBefore(made.item, mount.list.children[at] ?? null);
  });
  for (const [id, made] of mount.cards) if (!kept.has(id)) made.item.remove();
  mount.cards = kept;
}

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  let mount = mounts.get(parentElement);
  if (!mount) {
    const root = element("div", "figures");
    const list = element("ul", "cards");
    // Without bullets some screen readers do not call it a list unless it says so.
    list.setAttribute("role", "list");
    root.append(list);
    parentElement.append(root);
    mount = { root, list, cards: new Map(), serial: 0 };
    mounts.set(parentElement, mount);
  }
  mount.setStateValue = setStateValue;
  update(mount, JSON.parse(decoder.decode(data)));
  return () => {
    mount.root.remove();
    mounts.delete(parentElement);
  };
}
