import { categories, choices, script, stored } from "./choices.js";
import "./compliance.js";

/* Once in a window, however often a script of the site puts the page anew. */
if (!document.compliance) {
  /* Pairs of a category and an expression for its addresses; the first that fits counts. */
  const listed = "TRACKERS".map(([category, pattern]) => [category, RegExp(pattern)]);
  const MARK = "data-compliance-";
  const HOLD = `${MARK}hold`;
  const TAGS = "script,img,image,iframe,embed,source,link,input,video,audio,object";
  const NAMES = "src,srcset,href,poster,data,imageSrcset";
  const [LOADING, ADDRESS] = [TAGS, NAMES].map((names) => RegExp(`^(${names.replaceAll(",", "|")})$`, "i"));

  const allowed = (category) =>
    !category ||
    (choices
      ? choices[category]
      : !navigator.globalPrivacyControl &&
        script.dataset.mode === "opt-out" &&
        categories.includes(category) &&
        /* What was refused before stays refused until the reader decides anew. */
        stored().every((record) => record?.choices?.[category] !== false));
  const barred = (addresses) => {
    if (/^(data|blob):/.test(addresses)) return;
    for (const address of `${addresses}`.split(/[\s,]+/)) {
      try {
        const { hostname, pathname } = new URL(address, document.baseURI);
        const [category] = listed.find(([, pattern]) => pattern.test(hostname + pathname));
        if (!allowed(category)) return category;
      } catch {}
    }
  };

  /* An address that waits stays off its element. */
  const waiting = new Set();
  const guard = (element, name, value) => {
    name = `${name}`.toLowerCase().replace("xlink:", "");
    if (!ADDRESS.test(name) || !element.matches(TAGS)) return;
    const category = barred(value);
    if (category) {
      put.call(element, HOLD, category);
      put.call(element, MARK + name, value);
      waiting.add(element);
      wake();
    } else if (waiting.delete(element)) element.removeAttribute(MARK + name);
    return category;
  };

  /* Each module is loaded by the pages that need it: what releases, what stands in frames, what takes cookies away. */
  let module, swept;
  const find = () => new Set([...document.querySelectorAll(`[${HOLD}]`), ...waiting]);
  const wake = () => {
    const held = find();
    const tools = document.compliance;
    for (const element of held) {
      const open = allowed(element.getAttribute(HOLD));
      /* Google's tags are told before they load. */
      module ||= (open || /gtag|google|doubleclick/.test(element.outerHTML)) && import("./release.js");
      if (!open && element.localName === "iframe")
        import("./frames.js").then(({ cover }) => cover(element, tools));
    }
    if (module) module.then(({ release }) => release(tools));
    /* Where cookies are blocked, to ask for them is an error, which is no business of the page's scripts. */
    try {
      if (/(^| )(?!compliance_)./.test(document.cookie) && (module || held.size || choices))
        swept ??= import("./cookies.js").then(({ sweep }) => sweep(allowed));
    } catch {}
  };

  /* What page scripts set from here on; what else they may do is in `watch.js`, which comes right behind. */
  const change = (object, name, how) => {
    while (object && !Object.hasOwn(object, name)) object = Object.getPrototypeOf(object);
    const old = object && Object.getOwnPropertyDescriptor(object, name);
    const key = old?.set ? "set" : "value";
    if (old?.[key]) Object.defineProperty(object, name, { ...old, [key]: how(old[key]) });
    return old?.[key];
  };
  for (const tag of TAGS.split(","))
    for (const name of NAMES.split(","))
      change(document.createElement(tag), name, (old) => function (value) {
        guard(this, name, value) || old.call(this, value);
      });
  const put = change(Element.prototype, "setAttribute", (old) => function (name, value) {
    guard(this, name, value) || old.call(this, name, value);
  });
  document.compliance = { ADDRESS, HOLD, LOADING, MARK, allowed, barred, categories, change, find, guard, put, script, waiting };

  new MutationObserver(wake).observe(document, { childList: true, subtree: true });
  addEventListener("compliance", () => {
    swept = null;
    wake();
  });
}
