// The page's own small view library. A view is a function from data to a tree of plain objects (`h`); `render` makes the
// document equal to the newest tree and touches only what differs, so that focus, scrolling, selection and open details
// survive every update. Data reaches the document as text nodes and attributes only: there is no way to pass markup.

const SVG = "http://www.w3.org/2000/svg";
/** Set as properties: their attributes only hold the first value. */
const AS_PROPERTY = new Set(["value", "checked", "selected"]);

/** An element of the tree. `props.key` names it among its siblings; `props.on*` are listeners; `props.style` is an object. */
export function h(tag, props, ...children) {
  return { tag, props: props ?? {}, key: props?.key, children: flatten(children, []), node: null };
}

function flatten(children, into) {
  for (const child of children) {
    if (Array.isArray(child)) flatten(child, into);
    else if (child === null || child === undefined || child === false || child === true || child === "") continue;
    else if (typeof child === "object") into.push(child);
    else {
      // Two texts side by side would become one node when the document is read back, so they are one here.
      const last = into.at(-1);
      if (last?.tag === null) last.text += String(child);
      else into.push({ tag: null, text: String(child), key: undefined, node: null });
    }
  }
  return into;
}

/** Makes `root`'s children equal to `tree` (one element, text or a list of them). */
export function render(root, ...tree) {
  const next = { tag: "", props: {}, key: undefined, children: flatten(tree, []), node: root };
  reconcile(root, root.tree?.children ?? [], next.children);
  root.tree = next;
}

function create(item, parent) {
  if (item.tag === null) {
    item.node = document.createTextNode(item.text);
    return item.node;
  }
  const svg = item.tag === "svg" || (parent.namespaceURI === SVG && parent.localName !== "foreignObject");
  const node = svg ? document.createElementNS(SVG, item.tag) : document.createElement(item.tag);
  item.node = node;
  for (const child of item.children) node.append(create(child, node));
  for (const [name, value] of Object.entries(item.props)) setProp(node, name, value, undefined);
  return node;
}

function setProp(node, name, value, before) {
  if (name === "key" || name === "ref") { if (name === "ref" && before === undefined) value(node); return; }
  if (name.startsWith("on")) { node[name] = value ?? null; return; }
  if (name === "style") { setStyle(node, value ?? {}, before ?? {}); return; }
  if (AS_PROPERTY.has(name)) { if (node[name] !== value) node[name] = value ?? ""; return; }
  if (value === null || value === undefined || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : String(value));
}

/** Through the object model, which a content security policy without inline styles allows. */
function setStyle(node, value, before) {
  for (const name of Object.keys(before)) if (!(name in value)) node.style.removeProperty(name);
  for (const [name, text] of Object.entries(value)) if (before[name] !== text) node.style.setProperty(name, text);
}

function patch(before, item) {
  if (before === item) return;
  item.node = before.node;
  if (item.tag === null) {
    if (before.text !== item.text) item.node.data = item.text;
    return;
  }
  reconcile(item.node, before.children, item.children);
  for (const name of Object.keys(before.props)) if (!(name in item.props)) setProp(item.node, name, undefined, before.props[name]);
  for (const [name, value] of Object.entries(item.props)) {
    if (AS_PROPERTY.has(name) || before.props[name] !== value) setProp(item.node, name, value, before.props[name] ?? null);
  }
}

/** Keyed children are found again wherever they went; the others are matched in order by tag. */
function reconcile(parent, before, next) {
  const keyed = new Map();
  const loose = [];
  for (const item of before) { if (item.key === undefined) loose.push(item); else keyed.set(item.key, item); }
  const kept = new Set();
  let from = 0;
  const matches = next.map((item) => {
    const found = item.key === undefined ? takeLoose(item) : keyed.get(item.key);
    if (!found || found.tag !== item.tag || kept.has(found)) return null;
    kept.add(found);
    return found;
  });
  function takeLoose(item) {
    for (let index = from; index < loose.length; index++) {
      if (loose[index].tag === item.tag) { from = index + 1; return loose[index]; }
    }
    return null;
  }
  for (const item of before) if (!kept.has(item)) item.node.remove();
  next.forEach((item, index) => {
    if (matches[index]) patch(matches[index], item); else create(item, parent);
    const there = parent.childNodes[index];
    if (there !== item.node) parent.insertBefore(item.node, there ?? null);
  });
}
