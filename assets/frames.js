import { restore } from "./restore.js";

const covered = new WeakSet();

/* A frame keeps its place and its size: what stands for it stands in it. */
export const cover = (frame, guard) => {
  const { clientWidth, clientHeight, contentDocument: page } = frame;
  if (covered.has(frame) || !page || clientWidth < 120 || clientHeight < 60) return;
  covered.add(frame);
  const template = document.querySelector("template[data-compliance=assets]");
  const { content, lang, dir } = template;
  const show = () => {
    const { complianceHold: category, complianceSrc: src } = frame.dataset;
    if (category === undefined || frame.contentDocument?.body.childElementCount !== 0) return;
    const { head, body, documentElement } = frame.contentDocument;
    Object.assign(documentElement, { lang, dir });
    body.append(frame.contentDocument.importNode(content, true));
    /* Under a policy of nonces, and whatever the page says that its addresses begin with. */
    const { nonce } = document.querySelector("link[data-compliance]") ?? guard.script;
    for (const link of body.querySelectorAll("link")) {
      Object.assign(link, { nonce, href: new URL(link.getAttribute("href"), guard.script.src) });
      head.append(link);
    }
    body.querySelector("bdi").textContent = new URL(src, document.baseURI).hostname;
    for (const button of body.querySelectorAll("button")) {
      if (button.value && button.value !== category) button.parentNode.remove();
      button.onclick = () => (button.value ? agree(category, template, guard) : load(frame, guard));
    }
  };
  frame.addEventListener("load", show);
  show();
};

const load = (frame, guard) => {
  restore(frame, guard);
  frame.focus();
};

/* The banner's own form sends it: what is allowed already, and this. */
const agree = (category, template, { allowed, categories, script }) => {
  const form = document.querySelector("[data-compliance=banner] form");
  if (!form) return location.assign(new URL(template.dataset.preferences, script.src));
  const choice = document.createElement("button");
  Object.assign(choice, { name: "choice", value: "custom", hidden: true });
  form.append(choice);
  for (const value of categories)
    if (value === category || allowed(value)) {
      const field = document.createElement("input");
      form.append(Object.assign(field, { type: "hidden", name: "category", value }));
    }
  form.requestSubmit(choice);
};
