const SAID_MS = 4000;
const mounts = new WeakMap();

function address(data) {
  if (!data.query) return data.text;
  const link = new URL(window.location.href);
  link.search = "";
  link.hash = "";
  link.searchParams.set(data.query, data.text);
  return link.toString();
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // no permission, or no https: the field below is for copying by hand
  }
}

function make(parent) {
  const root = document.createElement("div");
  root.className = "copy";
  const button = document.createElement("button");
  button.type = "button";
  const said = document.createElement("span");
  said.className = "said";
  said.setAttribute("role", "status");
  const help = document.createElement("span");
  help.className = "help";
  const field = document.createElement("input");
  field.readOnly = true;
  field.hidden = true;
  field.addEventListener("focus", () => field.select());
  root.append(button, said, help, field);
  parent.append(root);
  const mount = { root, button, said, help, field, data: null, timer: 0 };
  button.addEventListener("click", async () => {
    const text = address(mount.data);
    const done = await copy(text);
    field.value = text;
    field.hidden = false;
    field.setAttribute("aria-label", done ? "The copied text" : "Copy this text by hand");
    said.textContent = done ? "Copied." : "Press Ctrl+C to copy the marked text.";
    if (!done) field.focus();
    clearTimeout(mount.timer);
    if (done) mount.timer = setTimeout(() => (said.textContent = ""), SAID_MS);
  });
  return mount;
}

export default function (component) {
  const { data, parentElement } = component;
  let mount = mounts.get(parentElement);
  if (!mount) {
    mount = make(parentElement);
    mounts.set(parentElement, mount);
  }
  // A field that shows an older link would be copied by mistake.
  if (mount.data && mount.data.text !== data.text) mount.field.hidden = true;
  mount.data = data;
  mount.button.textContent = data.label;
  mount.help.textContent = data.help;
  return () => {
    clearTimeout(mount.timer);
    mount.root.remove();
    mounts.delete(parentElement);
  };
}
