import { decided, kept, script } from "./choices.js";

const root = document.documentElement;
const place = import("./place.js");
const mark = (name, on) => document.documentElement.classList.toggle(name, !!on);
const hide = (hidden) => mark("compliance-decided", hidden);

/* Before the banner is parsed. A page in a frame of the site's own has banner and footer around it. */
hide(decided());
/* A footer that showed before it has its place would push the page about. */
mark("compliance-placing", true);
mark("compliance-gpc", navigator.globalPrivacyControl);
mark("compliance-framed", frameElement?.ownerDocument.querySelector("[data-compliance]"));

/* Behind the body, banner and footer are no box, no first form and no last child of the page, which stays as it was; the
   banner is the first to be read and reached all the same. A body that scrolls by itself has them inside. */
const inside = () => {
  const [outer, inner] = [root, document.body].map((node) => getComputedStyle(node).overflowY);
  return /hidden|clip/.test(outer) && /auto|scroll/.test(inner);
};
const worn = [];
const take = () => {
  const { body } = document;
  const banner = document.querySelector("body > [data-compliance=banner]");
  if (!banner) return;
  /* What the page paints, unless it says what ours are to wear; the contrast is looked at later. */
  const own = getComputedStyle(body);
  const ground = [own, getComputedStyle(root)].map((style) => style.backgroundColor).find((one) => !/a.* 0\)/.test(one));
  const wear = (name, value) =>
    own.getPropertyValue((name = `--compliance-${name}`)) || root.style.setProperty(worn[worn.push(name) - 1], value);
  wear("font", own.fontFamily);
  wear("background", ground ?? "Canvas");
  wear("text", ground ? own.color : "CanvasText");
  root.style.readingFlow = "source-order";
  banner.style.readingOrder = -1;
  const before = getComputedStyle(banner).position === "static" ? body : null;
  if (!inside()) (root.moveBefore ?? root.insertBefore).call(root, banner, before);
};
if (script.isConnected) root.moveBefore?.(script.parentNode, null);
new MutationObserver(take).observe(document.body, { childList: true });
const parsed = () =>
  place
    .finally(() => mark("compliance-placing"))
    .then(({ keep }) => keep({ decided, kept, hide, inside, worn }), () => {});
if (document.readyState === "loading") document.addEventListener("readystatechange", parsed, { once: true });
else parsed();

/* This comes before libraries that send every form themselves. */
addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (!form.matches("[data-compliance=banner] form:not([data-native])")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  submitter.blur();
  hide(true);
  place
    .then(({ send }) => send(form, submitter))
    .catch(() => {
      hide(false);
      if (!navigator.onLine) return;
      form.dataset.native = "";
      form.requestSubmit(submitter);
    });
}, true);
