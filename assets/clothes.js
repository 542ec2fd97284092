/* What banner and footer wear: what the page paints, and its words with a contrast of 7 to 1 (WCAG 2.2, 1.4.6). */

const MINIMUM = 7;
/* Between these grounds neither black nor white words stand out so much. */
const [DARK, LIGHT] = [1.05 / MINIMUM - 0.05, MINIMUM * 0.05 - 0.05];
const NAMES = ["background", "text", "line", "link", "radius", "alert", "scheme", "font"];

/* Red, green and blue from 0 to 1, and how opaque, of a colour as it is written in any way: each is asked once. */
let known;
const read = (colour) => {
  if (!known[colour]) {
    const node = document.querySelector("[data-compliance=assets]");
    node.style.color = `color(from ${colour} srgb r g b / alpha)`;
    const [red, green, blue, alpha = 1] = getComputedStyle(node)
      .color.replace(/^[\w ]+\(srgb/, "").match(/-?[\d.]+(e-?\d+)?/g).map(Number);
    node.style.color = "";
    known[colour] = { rgb: [red, green, blue], alpha };
  }
  return known[colour];
};
/* WCAG 2.2, relative luminance and contrast ratio. */
const luminance = (rgb) =>
  rgb
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
const contrast = (one, other) => {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
};

const ancestors = (node) => (node ? [node, ...ancestors(node.parentElement)] : []);

/* What is painted at both edges of the window where they agree, else what the body or the root is painted with. */
const painted = () => {
  /* The ground of the body is painted around it, too, where the root has none. */
  const ground = (node) => {
    for (const one of [...ancestors(node), document.body]) {
      const { backgroundColor } = getComputedStyle(one);
      if (read(backgroundColor).alpha > 0.98) return backgroundColor;
    }
  };
  const [first, ...others] = [[1, 0.3], [1, 0.6], [innerWidth - 2, 0.3], [innerWidth - 2, 0.6]].map(([x, y]) =>
    document.elementsFromPoint(x, innerHeight * y).find((node) => !node.closest("[data-compliance]")),
  ).map(ground);
  return others.every((one) => one === first) ? first : ground(document.body);
};

/* Declarations for what ours are to wear, and nothing where they keep what they have. */
export const clothes = () => {
  /* Under forced colours nothing is the page's own; an old browser keeps what it has. */
  if (matchMedia("(forced-colors: active)").matches || !CSS.supports("color", "color(from red srgb r g b)")) return;
  known = {};
  const { body, documentElement: root } = document;
  const own = getComputedStyle(body);
  const outer = getComputedStyle(root);
  let worn = "";
  const wear = (name, value) => (worn += `--compliance-${name}:${value};`);
  const said = {};
  for (const name of NAMES) {
    said[name] = own.getPropertyValue(`--compliance-${name}`);
    /* What is said of the body would not reach what stands behind it. */
    if (said[name] && !outer.getPropertyValue(`--compliance-${name}`)) wear(name, said[name]);
  }
  /* What a template has put inside of the page wears what is said there. */
  for (const node of document.querySelectorAll("body > :not([data-compliance]) [data-compliance]:not([data-compliance] *)"))
    for (const name of NAMES) {
      const above = getComputedStyle(node.parentNode).getPropertyValue(`--compliance-${name}`);
      node.style.setProperty(`--compliance-${name}`, above && "inherit");
    }
  if (!said.font) wear("font", own.fontFamily);
  let ground = said.background || painted();
  const ink = read(own.color).rgb;
  /* A picture or nothing: light words stand on something dark. */
  if (!ground && luminance(ink) > LIGHT) ground = "#111";
  if (!ground) {
    wear("background", "Canvas");
    if (!said.text) wear("text", "CanvasText");
    return worn;
  }
  let { rgb } = read(ground);
  if (!said.background) {
    while (luminance(rgb) > DARK && luminance(rgb) < LIGHT) {
      rgb = rgb.map((part) => part * 0.97);
      ground = `color(srgb ${rgb.join(" ")})`;
    }
    wear("background", ground);
    if (!said.scheme) wear("scheme", luminance(rgb) > DARK ? "light" : "dark");
  }
  const stands = (colour) => contrast(read(colour).rgb, rgb) >= MINIMUM;
  const text = said.text || [own.color, "#000", "#fff"].find(stands) || (luminance(rgb) > 0.18 ? "#000" : "#fff");
  if (!said.text) wear("text", text);
  if (!said.line && contrast(read("#767676").rgb, rgb) < 3) wear("line", text);
  const link = body.querySelector(":is(main, article, p, td) a[href]:not([data-compliance] *)");
  const colour = link && getComputedStyle(link).color;
  if (!said.link && !said.text && !said.background && colour && stands(colour)) wear("link", colour);
  return worn;
};
