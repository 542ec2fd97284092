import { decided, kept, script } from "./choices.js";

const root = document.documentElement;
const { form: forms } = script.dataset;
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
addEventListener("focusin", ({ target }) => {
  const banner = document.querySelector("[data-compliance-fixed]:not(:focus-within)");
  const covered = () => {
    const [over, under] = [banner, target].map((node) => node?.getBoundingClientRect());
    return over?.top <= under.top && over.bottom >= under.bottom;
  };
  if (covered()) target.scrollIntoView({ block: "nearest", behavior: "instant" });
  if (covered()) banner.dataset.complianceFixed = banner.dataset.complianceFixed ? "" : "top";
});

/* The footer's forms open over the page; where they cannot, the link leads to them. This and the banner's form come
   before libraries that follow every link and send every form themselves. */
addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-compliance] a[data-form]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  import(forms).then(({ open }) => open(link)).catch(() => location.assign(link.href));
}, true);

addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (!form.matches("[data-compliance=banner] form:not([data-native])")) return;
  /* A browser that leaves the button out is refused, and sends the form by itself. */
  const body = new URLSearchParams(new FormData(form, submitter));
  event.preventDefault();
  event.stopImmediatePropagation();
  submitter.blur();
  hide(true);
  fetch(form.action, { method: "POST", body, keepalive: true, headers: { Accept: "application/json" } })
    .then((response) => (response.ok && decided(body) ? import("./note.js").then(({ thank }) => thank(form, kept())) : Promise.reject()))
    .catch(() => {
      hide(false);
      if (!navigator.onLine) return;
      form.dataset.native = "";
      form.requestSubmit(submitter);
    });
}, true);
