const answered = new WeakMap();
const pending = new WeakMap();
// An answer can be lost while a page mounts or a server returns: it is given again until it is taken.
const AGAIN_MS = [0, 2000, 6000];

function settle(element) {
  (pending.get(element) ?? []).forEach(clearTimeout);
  pending.delete(element);
}

function read(name, limit) {
  try {
    const kept = window.localStorage.getItem(name);
    return kept !== null && kept.length <= limit ? kept : null;
  } catch {
    return null; // storage is switched off in this browser
  }
}

function write(name, text) {
  try {
    if (window.localStorage.getItem(name) !== text) window.localStorage.setItem(name, text);
  } catch {
    // A full or forbidden storage costs the copy, not the work on the page.
  }
}

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  if (data.text !== null) {
    settle(parentElement);
    write(data.name, data.text);
    return;
  }
  if (answered.get(parentElement) === data.session) return;
  answered.set(parentElement, data.session);
  const text = read(data.name, data.limit);
  // Streamlit drops what is sent while it mounts the component.
  const answer = () => setStateValue("loaded", { text, session: data.session });
  settle(parentElement);
  pending.set(parentElement, AGAIN_MS.map((wait) => setTimeout(answer, wait)));
}
