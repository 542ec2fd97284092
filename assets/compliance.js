import { choices, decided, kept, script, stored } from "./choices.js";

const root = document.documentElement;
const mark = (name, on) => document.documentElement.classList.toggle(`compliance-${name}`, !!on);

/* Behind the body, banner and footer are no box, no first form and no last child of the page, which stays as it was; the
   banner is the first to be read and reached all the same. A body that scrolls by itself has them inside. */
const inside = () => {
  const [outer, inner] = [root, document.body].map((node) => getComputedStyle(node).overflowY);
  return /hidden|clip/.test(outer) && /auto|scroll/.test(inner);
};
const show = (banner) => {
  const { body } = document;
  /* What the page paints, unless it says what ours are to wear; the contrast is looked at later. */
  const own = getComputedStyle(body);
  const ground = [own, getComputedStyle(root)].map((style) => style.backgroundColor).find((one) => !/a.* 0\)/.test(one));
  /* Set on the root, it would have the browser look at the style of every element again. */
  const wear = (name, value) =>
    own.getPropertyValue((name = `--compliance-${name}`)) || banner.style.setProperty(name, value);
  wear("font", own.fontFamily);
  wear("background", ground ?? "Canvas");
  wear("text", ground ? own.color : "CanvasText");
  if (inside()) return body.prepend(banner);
  root.append(banner);
  if (getComputedStyle(banner).position === "static") body.before(banner);
};
/* The banner is folded in a template, so that nothing of it is the page's first; what stands there for readers without
   scripts goes. The field that is hidden is its last. */
let styled, waiting;
const unfold = () => {
  for (const node of document.querySelectorAll("body > [data-compliance=folded]")) {
    const banner = node.content?.querySelector(":has([type=hidden])");
    if (banner) waiting = banner;
    if (banner || !node.content) node.remove();
  }
  if (styled && waiting) waiting = show(waiting);
};

/* Most pages have this script twice: where it blocks nothing, and before the footer, lest that shows without its place. */
if (!script.told) {
  script.told = () => [choices, stored];
  /* A page in a frame of the site's own has banner and footer around it. */
  mark("decided", decided());
  mark("placing", true);
  mark("gpc", navigator.globalPrivacyControl);
  mark("framed", frameElement?.ownerDocument.querySelector("[data-compliance]"));

  const home = script.parentNode;
  const hint = home.querySelector("link");
  const style = hint.cloneNode();
  /* A stylesheet that would be loaded again stays. */
  root[home.querySelector("[rel=stylesheet]") ? "moveBefore" : "insertBefore"]?.(home, null);
  const sheet = new Promise((done) => (style.onload = style.onerror = done));
  style.rel = "stylesheet";
  hint.replaceWith(style);
  /* The page's own stylesheets are there when it is painted. A page that nobody sees is not. */
  new Promise((done) => {
    requestAnimationFrame(done);
    addEventListener("load", done);
  })
    .then(() => document.querySelector("[data-compliance=foot] > link")?.sheet || sheet)
    .then(() => {
      styled = true;
      unfold();
      return import("./place.js");
    })
    .then(({ keep }) => keep({ decided, kept, inside, mark, unfold }), () => mark("placing"));
  unfold();
  new MutationObserver(unfold).observe(document.body, { childList: true });
}
