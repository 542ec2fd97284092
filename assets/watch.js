const { compliance } = document;
/* Once in a window, as what it belongs to. */
if (!compliance.sift) {
  const { ADDRESS, HOLD, LOADING, MARK, barred, change, guard } = compliance;

  /* Of markup only tags that would load something change; all else, and what is text in it, stays to the byte. */
  const INSIDE = /((?:"[^"]*"|'[^']*'|[^'">])*)>/.source;
  const MARKUP = RegExp(
    `<!--.*?-->|<(script|style|textarea|title|xmp)\\b${INSIDE}.*?</\\1|<(\\w+)${INSIDE}`,
    "gis",
  );
  const ATTRIBUTE = /(?:xlink:)?([\w:-]+)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)/g;
  let policy;
  const sift = (markup, runs) => {
    if (!`${markup}`.match(/\/\/[^\s"'<>]+/g)?.some(barred)) return markup;
    let changed;
    const text = `${markup}`.replace(MARKUP, (all, raw, within, name = raw, attributes = within) => {
      if (!LOADING.test(name)) return all;
      const script = /^script$/i.test(name);
      /* Markup that is put into a page runs no scripts, but for the ways that say so. */
      if (script && !runs) return all;
      let category;
      for (const [, attribute, value] of attributes.matchAll(ATTRIBUTE))
        if (ADDRESS.test(attribute)) category ||= barred(value.replace(/["']/g, ""));
      if (!category) return all;
      const held = attributes.replace(ATTRIBUTE, (pair, attribute) =>
        ADDRESS.test(attribute) || (script && /^type$/i.test(attribute)) ? MARK + pair.replace("xlink:", "") : pair,
      );
      changed = true;
      return all.replace(attributes, () => ` ${HOLD}=${category}${script ? ' type="text/plain"' : ""}${held}`);
    });
    if (!changed || typeof markup === "string") return changed ? text : markup;
    /* What a page trusts stays trusted, as far as its policy lets us say so. */
    try {
      policy ??= trustedTypes.createPolicy("compliance", { createHTML: String });
      return policy.createHTML(text);
    } catch {
      return markup;
    }
  };

  const attribute = (at) => (old) => function (...given) {
    const { name = given[at], value = given[at + 1] } = given[0] ?? {};
    return guard(this, name, value) ? null : old.apply(this, given);
  };
  change(Element.prototype, "setAttributeNS", attribute(1));
  change(Element.prototype, "setAttributeNode", attribute(0));
  change(Element.prototype, "setAttributeNodeNS", attribute(0));

  /* Styles and scripts have text, feeds have addresses that load nothing. */
  const markup = (at, runs) => (old) => function (...given) {
    if (!/^(script|style)$/.test(this.localName) && !/^\w+\/\S*xml$/.test(given[1])) given[at] = sift(given[at], runs);
    return old.apply(this, given);
  };
  const fill = change(Element.prototype, "innerHTML", markup(0));
  change(Element.prototype, "outerHTML", markup(0));
  change(Element.prototype, "setHTMLUnsafe", markup(0));
  change(Element.prototype, "insertAdjacentHTML", markup(1));
  change(ShadowRoot.prototype, "innerHTML", markup(0));
  change(ShadowRoot.prototype, "setHTMLUnsafe", markup(0));
  change(Document, "parseHTMLUnsafe", markup(0));
  change(DOMParser.prototype, "parseFromString", markup(0));
  change(Range.prototype, "createContextualFragment", markup(0, true));
  for (const name of ["write", "writeln"])
    change(Document.prototype, name, (old) => function (...given) {
      old.call(this, sift(given.length > 1 ? given.join("") : given[0], true));
    });

  /* What is sent before a yes fails as if the network were down. */
  change(window, "fetch", (old) => async (input, ...given) => {
    if (barred(input.url ?? input)) throw TypeError("No consent");
    return old(input, ...given);
  });
  change(window, "fetchLater", (old) => (input, ...given) => {
    if (barred(input.url ?? input)) throw TypeError("No consent");
    return old(input, ...given);
  });
  change(Navigator.prototype, "sendBeacon", (old) => function (url, data) {
    return !barred(url) && old.call(this, url, data);
  });
  change(XMLHttpRequest.prototype, "open", (old) => function (method, url, ...given) {
    old.call(this, method, barred(url) ? "blob:" : url, ...given);
  });
  for (const name of ["EventSource", "WebSocket", "Worker", "SharedWorker", "Audio"])
    change(window, name, (old) => new Proxy(old, {
      construct: (_, [url, ...given], as) =>
        Reflect.construct(old, url === undefined ? [] : [barred(url) ? "data:," : url, ...given], as),
    }));
  Object.assign(compliance, { fill, sift });
}
