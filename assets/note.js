/* Send the choice of the banner's *form*, and thank for it. Rejects where it was not taken. */
export const send = async (form, submitter, { decided, kept }) => {
  /* A browser that leaves the button out is refused, and the form is sent by the browser itself. */
  const body = new URLSearchParams(new FormData(form, submitter));
  const headers = { Accept: "application/json" };
  const { ok } = await fetch(form.action, { method: "POST", body, keepalive: true, headers });
  const allows = (name) => body.get("choice") === "accept" || body.getAll("category").includes(name);
  if (!ok || !decided(allows)) throw new Error("not taken");
  thank(form, kept());
};

/* The note stands where the banner stood, for Tab to go on from; it leaves at the reader's next move. */
const thank = (form, kept) => {
  const note = document.createElement("p");
  const { lang, dir } = form.parentNode;
  Object.assign(note, { lang, dir, tabIndex: -1, textContent: form.dataset[kept ? "saved" : "unsaved"] });
  note.dataset.compliance = "note";
  note.setAttribute("role", "status");
  /* Its colours and its print are in the stylesheet of all pages; here is what only it needs. */
  note.style.cssText = `position: fixed; inset: auto 1em 1em; z-index: 2147483647; inline-size: fit-content; margin: auto;
    padding: .5em 1.25em; font-size: max(1rem, 16px); border-width: 2px; border-radius: var(--compliance-radius, .375em)`;
  document.body.before(note);
  if (document.activeElement === document.body) note.focus({ preventScroll: true });
  /* Removed a little later: removing what has the focus is a move, too. */
  for (const move of ["blur", "scroll", "pointerdown"])
    addEventListener(move, () => setTimeout(() => note.remove()), { capture: true, once: true });
};
