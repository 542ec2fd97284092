export const MARK = "data-compliance-";
export const HOLD = `${MARK}hold`;

/* Give a held element its attributes back. */
export const restore = (element, { put, waiting }) => {
  const place = new Comment();
  /* As a frame of a script: those of the parser get the addresses back that they had in the browser's history. */
  if (!waiting.delete(element) && element.localName === "iframe") element.replaceWith(place);
  for (const { name, value } of [...element.attributes]) {
    if (!name.startsWith(MARK)) continue;
    element.removeAttribute(name);
    if (name !== HOLD) put.call(element, name.slice(MARK.length), value);
  }
  place.replaceWith(element);
  const { localName, textContent: rules } = element;
  if (localName === "style") element.textContent = rules.replaceAll("data:,compliance-hold:", "");
};
