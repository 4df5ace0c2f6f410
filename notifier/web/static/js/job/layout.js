// Places the vertices of any acyclic graph in columns from left to right. Pure, and the same for the same graph.
//
// 1. Column of a vertex: one more than its deepest input. 2. Edges over several columns get waypoints. 3. Order in a
// column by the mean place of the neighbours, swept both ways. 4. Height by the neighbours' heights, without overlap.

export const BOX = { width: 208, height: 88 };
const GAP_X = 140;
const GAP_Y = 34;
const WAY_HEIGHT = 28;
const MARGIN = { x: 12, top: 34, bottom: 16 };
const SWEEPS = 6;

export function layout(vertices, edges) {
  const known = new Set(vertices.map((vertex) => vertex.id));
  const clean = edges.filter((edge) => known.has(edge.from) && known.has(edge.to) && edge.from !== edge.to);
  const column = columns(vertices, clean);
  const nodes = new Map(vertices.map((vertex) => [vertex.id, { id: vertex.id, column: column.get(vertex.id), height: BOX.height, in: [], out: [] }]));
  const routes = clean.map((edge) => ({ edge, stops: waypoints(edge, nodes) }));
  const layers = layered([...nodes.values()]);
  order(layers);
  heights(layers);
  const top = Math.min(...[...nodes.values()].map((node) => node.y - node.height / 2));
  for (const node of nodes.values()) {
    node.x = MARGIN.x + node.column * (BOX.width + GAP_X);
    node.y += MARGIN.top - top;
  }
  const bottom = Math.max(...[...nodes.values()].map((node) => node.y + node.height / 2));
  return {
    width: 2 * MARGIN.x + layers.length * BOX.width + (layers.length - 1) * GAP_X,
    height: bottom + MARGIN.bottom,
    boxes: new Map(vertices.map(({ id }) => { const node = nodes.get(id); return [id, { x: node.x, y: node.y - BOX.height / 2 }]; })),
    routes: routes.map(({ edge, stops }) => ({ edge, points: path(nodes.get(edge.from), stops, nodes.get(edge.to)) })),
  };
}

/** Longest way from a source; an edge that would close a circle is not followed. */
function columns(vertices, edges) {
  const inputs = new Map(vertices.map((vertex) => [vertex.id, []]));
  for (const edge of edges) inputs.get(edge.to).push(edge.from);
  const depth = new Map();
  const visiting = new Set();
  const visit = (id) => {
    if (depth.has(id)) return depth.get(id);
    if (visiting.has(id)) return -1;
    visiting.add(id);
    const deepest = Math.max(-1, ...inputs.get(id).map(visit));
    visiting.delete(id);
    depth.set(id, deepest + 1);
    return deepest + 1;
  };
  for (const vertex of vertices) visit(vertex.id);
  return depth;
}

function connect(upper, lower) {
  upper.out.push(lower);
  lower.in.push(upper);
}

function waypoints(edge, nodes) {
  const from = nodes.get(edge.from);
  const to = nodes.get(edge.to);
  if (to.column <= from.column) return [];
  const stops = [];
  let last = from;
  for (let column = from.column + 1; column < to.column; column++) {
    const stop = { id: `${edge.from}>${edge.to}@${column}`, column, height: WAY_HEIGHT, in: [], out: [], way: true };
    nodes.set(stop.id, stop);
    connect(last, stop);
    stops.push(stop);
    last = stop;
  }
  connect(last, to);
  return stops;
}

function layered(nodes) {
  const layers = [];
  for (const node of nodes) (layers[node.column] ??= []).push(node);
  return layers;
}

function order(layers) {
  const number = (layer) => layer.forEach((node, index) => { node.index = index; });
  layers.forEach(number);
  const mean = (nodes, otherwise) => (nodes.length === 0 ? otherwise : nodes.reduce((sum, node) => sum + node.index, 0) / nodes.length);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const down = sweep % 2 === 0;
    const way = down ? layers : [...layers].reverse();
    for (const layer of way) {
      for (const node of layer) node.want = mean(down ? node.in : node.out, node.index);
      layer.sort((a, b) => a.want - b.want || a.index - b.index);
      number(layer);
    }
  }
}

function heights(layers) {
  for (const layer of layers) {
    let y = 0;
    for (const node of layer) { node.y = y + node.height / 2; y += node.height + GAP_Y; }
    const middle = (y - GAP_Y) / 2;
    for (const node of layer) node.y -= middle;
  }
  for (let sweep = 0; sweep < SWEEPS * 2; sweep++) {
    const down = sweep % 2 === 0;
    for (const layer of down ? layers : [...layers].reverse()) {
      for (const node of layer) {
        const near = sweep === SWEEPS * 2 - 1 ? [...node.in, ...node.out] : down ? node.in : node.out;
        node.want = near.length === 0 ? node.y : near.reduce((sum, other) => sum + other.y, 0) / near.length;
      }
      settle(layer);
    }
  }
}

/** As near to where they want to be as the order and the gaps allow: blocks that collide move together. */
function settle(layer) {
  const blocks = [];
  for (const node of layer) {
    let block = { nodes: [node], sum: node.want, size: node.height };
    block.y = node.want;
    for (let last = blocks.at(-1); last && last.y + last.size / 2 + GAP_Y > block.y - block.size / 2; last = blocks.at(-1)) {
      blocks.pop();
      block = merge(last, block);
    }
    blocks.push(block);
  }
  for (const block of blocks) {
    let y = block.y - block.size / 2;
    for (const node of block.nodes) { node.y = y + node.height / 2; y += node.height + GAP_Y; }
  }
}

function merge(a, b) {
  const nodes = [...a.nodes, ...b.nodes];
  const size = a.size + GAP_Y + b.size;
  let offset = 0;
  let sum = 0;
  for (const node of nodes) { sum += node.want - (offset + node.height / 2 - size / 2); offset += node.height + GAP_Y; }
  return { nodes, size, sum, y: sum / nodes.length };
}

function path(from, stops, to) {
  const points = [[from.x + BOX.width, from.y]];
  for (const stop of stops) points.push([stop.x, stop.y], [stop.x + BOX.width, stop.y]);
  points.push([to.x, to.y]);
  return points;
}
