import { choices, script, stored } from "./compliance.js";

/* Once in a window, however often a script of the site puts the page anew. */
if (!document.compliance) {
  document.compliance = true;
  /* Pairs of a category and an expression for its addresses; the first that fits counts. */
  const listed = "TRACKERS".map(([category, pattern]) => [category, RegExp(pattern)]);
  const MARK = "data-compliance-";
  const HOLD = `${MARK}hold`;
  const TAGS = "script,img,iframe,embed,source,link";
  const NAMES = ["src", "srcset", "href"];

  const allowed = (category) =>
    !category ||
    (choices
      ? choices[category]
      : !navigator.globalPrivacyControl &&
        script.dataset.optOut?.split(" ").includes(category) &&
        /* What was refused under an earlier policy stays refused until the reader decides anew. */
        stored().choices?.[category] !== false);
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
  const keep = (element, name, value) => {
    if (!NAMES.includes(name) || !element.matches(TAGS)) return;
    const category = barred(value);
    if (category) {
      element.setAttribute(HOLD, category);
      element.setAttribute(MARK + name, value);
    } else if (waiting.delete(element)) element.removeAttribute(MARK + name);
    return category;
  };
  const hold = (root, scripts, every) => {
    for (const element of root.querySelectorAll(TAGS)) {
      const runs = element.localName === "script";
      let held = every;
      if (runs && !scripts) continue;
      for (const name of NAMES)
        if (keep(element, name, element.getAttribute(name))) held = !element.removeAttribute(name);
      if (!runs || !held) continue;
      element.setAttribute(`${MARK}type`, element.type);
      element.type = "text/plain";
      element.toggleAttribute(HOLD, true);
    }
    return root;
  };
  const parse = (markup, ...how) => {
    const holder = document.createElement("template");
    fill.call(holder, markup);
    hold(holder.content, ...how);
    return holder;
  };
  const sift = (markup, scripts) =>
    `${markup}`.match(/\/\/[^\s"'<>]+/g)?.some(barred) ? parse(markup, scripts).innerHTML : markup;

  /* Each module is loaded by the pages that need it: what releases, what stands in frames, what takes cookies away. */
  let module, swept;
  const find = () => new Set([...document.querySelectorAll(`[${HOLD}]`), ...waiting]);
  const wake = () => {
    const held = find();
    const tools = { allowed, find, parse, put, waiting };
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
      if (document.cookie && (module || held.size))
        swept ??= import("./cookies.js").then(({ sweep }) => sweep(allowed));
    } catch {}
  };

  /* What page scripts set, write and send from here on. */
  const change = (object, name, how) => {
    const old = Object.getOwnPropertyDescriptor(object, name);
    const key = old?.set ? "set" : "value";
    if (old) Object.defineProperty(object, name, { ...old, [key]: how(old[key]) });
    return old?.[key];
  };
  const guard = (element, name, value) => keep(element, name, value) && waiting.add(element) && !wake();
  for (const tag of TAGS.split(","))
    for (const name of NAMES)
      change(document.createElement(tag).constructor.prototype, name, (old) => function (value) {
        guard(this, name, value) || old.call(this, value);
      });
  const put = change(Element.prototype, "setAttribute", (old) => function (name, value) {
    guard(this, `${name}`.toLowerCase(), value) || old.call(this, name, value);
  });
  const sifted = (old) => function (...given) {
    given.push(sift(given.pop(), old.name === "createContextualFragment"));
    return old.apply(this, given);
  };
  const fill = change(Element.prototype, "innerHTML", sifted);
  change(ShadowRoot.prototype, "innerHTML", sifted);
  change(Element.prototype, "outerHTML", sifted);
  change(Element.prototype, "insertAdjacentHTML", sifted);
  change(Range.prototype, "createContextualFragment", sifted);
  change(DOMParser.prototype, "parseFromString", (old) => function (...given) {
    return hold(old.apply(this, given));
  });
  for (const name of ["write", "writeln"])
    change(Document.prototype, name, (old) => function (...given) {
      old.call(this, sift(given.length > 1 ? given.join("") : given[0], true));
    });
  change(window, "fetch", (old) => async (input, ...given) => {
    if (barred(input.url ?? input)) throw TypeError("No consent");
    return old(input, ...given);
  });
  change(Navigator.prototype, "sendBeacon", (old) => function (url, data) {
    return !barred(url) && old.call(this, url, data);
  });
  change(XMLHttpRequest.prototype, "open", (old) => function (method, url, ...given) {
    old.call(this, method, barred(url) ? "blob:" : url, ...given);
  });

  new MutationObserver(wake).observe(document, { childList: true, subtree: true });
  addEventListener("compliance", () => {
    swept = null;
    wake();
  });
}
