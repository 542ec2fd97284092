// Where the pictures of a page are taken, and what is painted over on them: see camera.py.
({
  // The page, as far down as a picture shows it, with the pictures that wait for a reader to come near.
  async whole(tallest, longest) {
    const late = [...document.querySelectorAll("img[loading=lazy], iframe[loading=lazy]")];
    for (const one of late) one.loading = "eager";
    const loaded = late.filter(one => one.complete === false).map(one => new Promise(done => {
      one.addEventListener("load", done);
      one.addEventListener("error", done);
    }));
    await Promise.race([Promise.all(loaded), new Promise(done => setTimeout(done, longest))]);
    const root = document.documentElement;
    return { x: 0, y: 0, width: root.clientWidth, height: Math.min(Math.max(root.scrollHeight, innerHeight), tallest) };
  },

  // The banner that a button stands on: what lies over the page, else the part around it that speaks of cookies.
  banner(button) {
    const up = part => part.parentElement || part.getRootNode().host;
    let over = null, about = button;
    for (let part = button; part && part !== document.body; part = up(part)) {
      if (["fixed", "sticky"].includes(getComputedStyle(part).position) || part.matches("dialog, [role=dialog]")) over = part;
      if (about === button && (part.innerText || "").length > 60) about = part;
    }
    const found = over || about;
    document.querySelectorAll("[data-compliance-shot]").forEach(one => one.removeAttribute("data-compliance-shot"));
    found.setAttribute("data-compliance-shot", "");
    return found.getBoundingClientRect().height > 0;
  },

  // The foot of the page: its footers, whoever wrote them, else its last lines.
  footer() {
    const named = "footer, [role=contentinfo], [id*=foot i], [class*=foot i], [data-compliance=footer]";
    const root = document.documentElement, end = Math.max(root.scrollHeight, innerHeight);
    let top = end;
    for (const part of document.querySelectorAll(named)) {
      const box = part.getBoundingClientRect(), start = box.top + scrollY;
      if (box.height < 8 || box.height > 1600 || getComputedStyle(part).position === "fixed") continue;
      if (start > end - 1800 && start > end / 3) top = Math.min(top, start);
    }
    if (top > end - 40) top = Math.max(0, end - 240);
    return { x: 0, y: top, width: root.clientWidth, height: end - top };
  },

  // Paints over what the patterns find in texts, and over what stands in fields.
  cover(patterns) {
    const expressions = patterns.map(one => new RegExp(one, "g")), boxes = [];
    const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    for (let looked = 0; walker.nextNode() && looked < 50000; looked++)
      for (const expression of expressions)
        for (const match of walker.currentNode.data.matchAll(expression)) {
          range.setStart(walker.currentNode, match.index);
          range.setEnd(walker.currentNode, match.index + match[0].length);
          boxes.push(...range.getClientRects());
        }
    for (const field of document.querySelectorAll("input, textarea"))
      if (field.value && !["submit", "button", "reset", "checkbox", "radio", "hidden"].includes(field.type))
        boxes.push(field.getBoundingClientRect());
    for (const box of boxes) {
      const over = document.createElement("div");
      over.setAttribute("data-compliance-cover", "");
      over.style.cssText = `all:initial;position:absolute;z-index:2147483647;background:#777;left:${box.left + scrollX}px;`
        + `top:${box.top + scrollY}px;width:${box.width}px;height:${box.height}px`;
      document.documentElement.append(over);
    }
    return boxes.length;
  },

  uncover() {
    document.querySelectorAll("[data-compliance-cover]").forEach(one => one.remove());
  },
})
