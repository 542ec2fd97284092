/* What banner and footer wear: what the page paints, and its words with a contrast of 7 to 1 (WCAG 2.2, 1.4.6). */

const MINIMUM = 7;
/* Between these grounds neither black nor white words stand out so much. */
const [DARK, LIGHT] = [1.05 / MINIMUM - 0.05, MINIMUM * 0.05 - 0.05];
const worn = new Set();

/* Red, green and blue from 0 to 1, and how opaque, of a colour as it is written in any way. */
const read = (colour) => {
  const { style } = document.querySelector("[data-compliance=assets]");
  style.color = `color(from ${colour} srgb r g b / alpha)`;
  const [red, green, blue, alpha = 1] = getComputedStyle(document.querySelector("[data-compliance=assets]"))
    .color.replace(/^[\w ]+\(srgb/, "").match(/-?[\d.]+(e-?\d+)?/g).map(Number);
  style.color = "";
  return { rgb: [red, green, blue], alpha };
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

export const dress = (given) => {
  /* Under forced colours nothing is the page's own; an old browser keeps what it has. */
  if (matchMedia("(forced-colors: active)").matches || !CSS.supports("color", "color(from red srgb r g b)")) return;
  const { body, documentElement: root } = document;
  for (const name of [...given.splice(0), ...worn]) root.style.removeProperty(name);
  worn.clear();
  const own = getComputedStyle(body);
  const outer = getComputedStyle(root);
  const wear = (name, value) => {
    worn.add((name = `--compliance-${name}`));
    root.style.setProperty(name, value);
  };
  const said = {};
  for (const name of ["background", "text", "line", "link", "radius", "alert", "scheme", "font"]) {
    said[name] = own.getPropertyValue(`--compliance-${name}`);
    /* What is said of the body would not reach what stands behind it. */
    if (said[name] && !outer.getPropertyValue(`--compliance-${name}`)) wear(name, said[name]);
  }
  if (!said.font) wear("font", own.fontFamily);
  let ground = said.background || painted();
  const ink = read(own.color).rgb;
  /* A picture or nothing: light words stand on something dark. */
  if (!ground && luminance(ink) > LIGHT) ground = "#111";
  if (!ground) {
    wear("background", "Canvas");
    if (!said.text) wear("text", "CanvasText");
    return;
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
  const link = body.querySelector(":is(main, article, p, td) a[href]");
  const colour = link && getComputedStyle(link).color;
  if (!said.link && !said.text && !said.background && colour && stands(colour)) wear("link", colour);
};
