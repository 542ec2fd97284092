"use strict";
{
  const root = document.documentElement;
  const { policy, form: forms } = document.currentScript.dataset;

  /* The cookie is payload.time.signature; what is blocked or garbled is no decision. */
  const read = () => {
    try {
      for (const cookie of document.cookie.split("; ")) {
        const [name, payload] = cookie.split(/[=.]/);
        if (name !== "compliance_consent") continue;
        const record = JSON.parse(atob(payload.replace(/-/g, "+").replace(/_/g, "/")));
        if (record.policy === policy) return record.choices;
      }
    } catch {}
  };
  const decided = () => {
    const detail = read();
    dispatchEvent(new CustomEvent("compliance", { detail }));
    return !!detail;
  };
  const hide = (hidden) => root.classList.toggle("compliance-decided", hidden);

  /* Before the banner is parsed, back from the cache of pages, and when another tab decided. */
  hide(decided());
  addEventListener("pageshow", (event) => event.persisted && hide(decided()));
  document.addEventListener("visibilitychange", () => decided() && hide(true));
  root.classList.toggle("compliance-gpc", !!navigator.globalPrivacyControl);

  const sizes = new ResizeObserver(([{ target }]) =>
    root.style.setProperty("--compliance-height", `${target.offsetHeight}px`),
  );
  const measure = () => {
    const banner = document.querySelector("[data-compliance=banner]");
    if (banner) sizes.observe(banner);
    else if (document.readyState === "loading") requestAnimationFrame(measure);
  };
  measure();

  /* Where the page cannot scroll what has the focus out from under the banner, the banner takes the other edge. */
  document.addEventListener("focusin", ({ target }) => {
    const banner = document.querySelector("[data-compliance-fixed]:not(:focus-within)");
    const covered = () => {
      const [over, under] = [banner, target].map((node) => node.getBoundingClientRect());
      return over.top <= under.top && over.bottom >= under.bottom;
    };
    if (!banner || !covered()) return;
    target.scrollIntoView({ block: "nearest", behavior: "instant" });
    if (covered()) banner.dataset.complianceFixed = banner.dataset.complianceFixed ? "" : "top";
  });

  /* The note stands where the banner stood, for Tab to go on from; it leaves at the reader's next move. */
  const thank = (form) => {
    const note = document.createElement("p");
    const { lang, dir } = form.parentNode;
    Object.assign(note, { lang, dir, tabIndex: -1, textContent: form.dataset.saved });
    note.dataset.compliance = "note";
    note.setAttribute("role", "status");
    form.parentNode.after(note);
    if (document.activeElement === document.body) note.focus({ preventScroll: true });
    /* Removed a little later: removing what has the focus is a move, too. */
    for (const move of ["blur", "scroll", "pointerdown"])
      addEventListener(move, () => setTimeout(() => note.remove()), { capture: true, once: true });
  };

  /* The footer's forms open over the page; where they cannot, the link leads to them. */
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-compliance] a[data-form]");
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    import(forms).then(({ open }) => open(link)).catch(() => location.assign(link.href));
  });

  document.addEventListener("submit", (event) => {
    const { target: form, submitter } = event;
    if (event.defaultPrevented || !form.matches("[data-compliance=banner] form:not([data-native])")) return;
    const body = new URLSearchParams(new FormData(form));
    body.set(submitter.name, submitter.value);
    event.preventDefault();
    submitter.blur();
    hide(true);
    fetch(form.action, { method: "POST", body, keepalive: true, headers: { Accept: "application/json" } })
      .then((response) => (response.ok ? decided(thank(form)) : Promise.reject()))
      .catch(() => {
        hide(false);
        if (!navigator.onLine) return;
        form.dataset.native = "";
        form.requestSubmit(submitter);
      });
  });
}
