// What the pages about messages do beyond what they do without a script: keys, drafts kept while they are written.
const OFF = "compliance-keys-off";
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const one = (selector) => document.querySelector(selector);
const remembered = () => {
  try {
    return localStorage.getItem(OFF) === "1";
  } catch {
    return false;
  }
};

// Choose all, where that needs no page of its own.
for (const element of all("[data-all]")) element.hidden = false;
for (const element of all("[data-plain]")) element.hidden = true;
const chooser = one("input[data-all]");
const picks = () => all(".pick input");
chooser?.addEventListener("change", () => {
  for (const pick of picks()) pick.checked = chooser.checked;
});

// A draft is kept a moment after the last key.
for (const form of all("form[data-draft]")) {
  const told = form.querySelector("[data-saved]");
  let waits;
  let sent = false;
  const keep = async () => {
    if (sent) return;
    let kept = false;
    try {
      kept = (await fetch(form.dataset.draft, { method: "POST", body: new FormData(form) })).status === 204;
    } catch {
      // Told below.
    }
    told.textContent = kept ? told.dataset.saved : told.dataset.unsaved;
  };
  form.addEventListener("input", () => {
    clearTimeout(waits);
    waits = setTimeout(keep, 1500);
  });
  form.addEventListener("submit", () => {
    sent = true;
    clearTimeout(waits);
  });
}

// Keys, while nothing is being typed and no other key is held.
const sheet = one("#keys");
let off = remembered();
for (const box of all("[data-keys-off]")) {
  box.checked = off;
  box.addEventListener("change", () => {
    off = box.checked;
    try {
      localStorage.setItem(OFF, off ? "1" : "");
    } catch {
      // Until the page is left, then.
    }
  });
}
for (const link of all("[data-keys]")) {
  link.addEventListener("click", (event) => {
    if (!sheet) return;
    event.preventDefault();
    sheet.showModal();
  });
}
const cases = all("[data-case]");
const current = () => cases.findIndex((entry) => entry.contains(document.activeElement));
const go = (step) => {
  const place = current() < 0 ? (step > 0 ? 0 : cases.length - 1) : current() + step;
  cases[Math.min(Math.max(place, 0), cases.length - 1)]?.querySelector("a")?.focus();
};
const focus = (selector) => {
  const element = one(selector);
  element?.focus();
  element?.scrollIntoView({ block: "center" });
};
const acts = {
  j: () => go(1),
  k: () => go(-1),
  o: () => cases[current()]?.querySelector("a")?.click(),
  x: () => cases[current()]?.querySelector(".pick input")?.click(),
  "/": () => focus("#q"),
  t: () => one("[data-take] button")?.click(),
  r: () => focus("#text"),
  n: () => focus("#note"),
  u: () => one("[data-back]")?.click(),
  "?": () => sheet?.showModal(),
};
document.addEventListener("keydown", (event) => {
  if (off || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || sheet?.open) return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select")) return;
  const act = acts[event.key];
  if (act) {
    event.preventDefault();
    act();
  }
});
