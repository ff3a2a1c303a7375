const answered = new WeakMap();

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
    write(data.name, data.text);
    return;
  }
  if (answered.get(parentElement) === data.session) return;
  answered.set(parentElement, data.session);
  const text = read(data.name, data.limit);
  // Streamlit drops what is sent while it mounts the component.
  setTimeout(() => setStateValue("loaded", { text, session: data.session }), 0);
}
