import { restore } from "./restore.js";

const covered = new WeakSet();

/* A frame keeps its place and its size: what stands for it stands in it. */
export const cover = (frame, guard) => {
  const { clientWidth, clientHeight, contentDocument: page } = frame;
  if (covered.has(frame) || !page || clientWidth < 120 || clientHeight < 60) return;
  covered.add(frame);
  const template = document.querySelector("template[data-compliance]");
  const { content, lang, dir } = template;
  const show = () => {
    const { complianceHold: category, complianceSrc: src } = frame.dataset;
    if (category === undefined || frame.contentDocument?.body.childElementCount !== 0) return;
    const { head, body, documentElement } = frame.contentDocument;
    Object.assign(documentElement, { lang, dir });
    body.append(frame.contentDocument.importNode(content, true));
    head.append(...body.querySelectorAll("link"));
    body.querySelector("bdi").textContent = new URL(src, document.baseURI).hostname;
    for (const button of body.querySelectorAll("button")) {
      if (button.value && button.value !== category) button.remove();
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
const agree = (category, template, { allowed }) => {
  const form = document.querySelector("[data-compliance=banner] form");
  if (!form) return location.assign(template.dataset.preferences);
  const choice = document.createElement("button");
  Object.assign(choice, { name: "choice", value: "custom", hidden: true });
  form.append(choice);
  for (const { value } of template.content.querySelectorAll("button"))
    if (value === category || (value && allowed(value))) {
      const field = document.createElement("input");
      form.append(Object.assign(field, { type: "hidden", name: "category", value }));
    }
  form.requestSubmit(choice);
};
