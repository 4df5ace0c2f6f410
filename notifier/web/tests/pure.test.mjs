// The page's pure parts, without a browser: words, choice of rows, layout of graphs, text to paste.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { random } from "./scenario.mjs";
import * as words from "../static/js/words.js";
import { BOX, layout } from "../static/js/job/layout.js";
import { asYaml, diff, yamlValue } from "../static/js/job/change.js";
import { trimmed } from "../static/js/job/lines.js";
import { bounds, linePath } from "../static/js/sparkline.js";
import { byNeed, clusterGroup, didYouMean, held } from "../static/js/overview/select.js";

const plain = (text) => text.replaceAll("\u00a0", " ");

describe("words", () => {
  test("figures have three or four digits and the unit of their limit", () => {
    const say = (value, unit, beside) => plain(words.figureText(value, unit, beside));
    assert.equal(say(985.4, "ms/s"), "985 ms/s");
    assert.equal(say(12400, "records/s"), "12,400 records/s");
    assert.equal(say(18_800_000, "records"), "18.8 M records");
    assert.equal(say(0.21, "ratio"), "21 %");
    assert.equal(say(14.6, "ratio", 3), "14.6×");
    assert.equal(say(4_294_967_296, "bytes"), "4 GiB");
    assert.equal(say(900_000_000, "bytes", 4_294_967_296), "0.84 GiB");
    assert.equal(say(312_000, "ms"), "5 min 12 s");
    assert.equal(say(912, "ms"), "912 ms");
    assert.equal(say(null, "ms"), "–");
    assert.equal(say(Number.NaN, "bytes"), "–");
  });

  test("limits are said once and without the unit that stands beside", () => {
    assert.equal(plain(words.limitText({ healthy_max: 800, unit: "ms/s", value: 985 })), "healthy below 800");
    assert.equal(plain(words.limitText({ healthy_min: 0.4, unit: "ratio", value: 0.14 })), "healthy above 40");
    assert.equal(plain(words.limitText({ healthy_min: 10, healthy_max: 20, unit: "count", value: 5 })), "healthy 10 to 20");
    assert.equal(words.limitText({ unit: "count", value: 5 }), "");
  });

  test("nobody is told that anything is certain", () => {
    assert.equal(plain(words.confidence(1)), "99 %");
    assert.equal(plain(words.confidence(0.001)), "1 %");
    assert.equal(plain(words.confidence(0)), "0 %");
  });

  test("durations and times are as long as they need to be", () => {
    assert.equal(plain(words.duration(1610)), "26 min");
    assert.equal(plain(words.duration(6780)), "1 h 53 min");
    assert.equal(plain(words.duration(367_200)), "4 d 6 h");
    assert.equal(plain(words.duration(2285, true)), "38 min");
    const now = Date.parse("2026-11-22T03:13:10Z");
    assert.equal(words.when("2026-11-22T02:46:00Z", now), "02:46");
    assert.equal(words.when("2026-11-21T23:10:00Z", now), "23:10");
    assert.equal(words.when("2026-11-18T02:46:00Z", now), "18 Nov");
    assert.equal(words.when("2025-11-18T02:46:00Z", now), "18 Nov 2025");
    assert.equal(words.when("garbage", now), "–");
  });
});

describe("rows", () => {
  const job = (job_name, status, health, more = {}) => ({ id: job_name, job_name, cluster_id: "c", status, health, ...more });

  test("the worst is first, and healthy jobs by how close they are to a limit", () => {
    const near = job("near", "healthy", 100, { figure: { value: 790, healthy_max: 800 } });
    const far = job("far", "healthy", 100, { figure: { value: 10, healthy_max: 800 } });
    const sorted = [far, job("away", "no_data", null), near, job("warn", "warning", 60), job("sick", "critical", 34), job("new", "learning", null)].sort(byNeed);
    assert.deepEqual(sorted.map((each) => each.id), ["sick", "warn", "away", "new", "near", "far"]);
  });

  test("a held list keeps known rows in place and puts new ones at the end", () => {
    const rows = ["c", "new", "a", "b"].map((key) => ({ key }));
    assert.deepEqual(held(rows, ["a", "b", "gone", "c"]).map(({ key }) => key), ["a", "b", "c", "new"]);
  });

  test("clusters of one job are grouped by what stands before the slash", () => {
    assert.equal(clusterGroup("orders/enrichment-7"), "orders");
    assert.equal(clusterGroup("orders"), "orders");
  });

  test("a slip of the finger finds the word that was meant, nonsense finds none", () => {
    const jobs = [job("orders-enrichment", "healthy", 100, { figure: { subject: "Sink: warehouse" } })];
    assert.equal(didYouMean("warehuose", jobs), "warehouse");
    assert.equal(didYouMean("xyzzy", jobs), null);
  });
});

describe("the graph's layout", () => {
  /** A graph without circles of `count` vertices, from a seed. */
  function graph(seed, count) {
    const next = random(seed);
    const vertices = Array.from({ length: count }, (_, index) => ({ id: `v${index}` }));
    const edges = [];
    for (let to = 1; to < count; to++) for (let from = 0; from < to; from++) if (next() < 2 / count) edges.push({ from: `v${from}`, to: `v${to}` });
    return { vertices, edges };
  }

  test("any graph without circles: edges go right, boxes never overlap, all is inside, and twice is the same", () => {
    for (let seed = 1; seed <= 60; seed++) {
      const { vertices, edges } = graph(seed, 1 + (seed % 30));
      const placed = layout(vertices, edges);
      assert.equal(placed.boxes.size, vertices.length);
      for (const { from, to } of edges) assert.ok(placed.boxes.get(from).x + BOX.width < placed.boxes.get(to).x, `seed ${seed}: ${from} is left of ${to}`);
      const boxes = [...placed.boxes.values()];
      boxes.forEach((a, index) => {
        assert.ok(a.x >= 0 && a.y >= 0 && a.x + BOX.width <= placed.width && a.y + BOX.height <= placed.height, `seed ${seed}: inside`);
        for (const b of boxes.slice(index + 1)) assert.ok(a.x !== b.x || Math.abs(a.y - b.y) >= BOX.height, `seed ${seed}: no overlap`);
      });
      assert.deepEqual(layout(vertices, edges), placed);
    }
  });

  test("a chain is one straight row", () => {
    const ids = ["a", "b", "c", "d"];
    const { boxes } = layout(ids.map((id) => ({ id })), [{ from: "a", to: "b" }, { from: "b", to: "c" }, { from: "c", to: "d" }]);
    assert.equal(new Set([...boxes.values()].map(({ y }) => Math.round(y))).size, 1);
  });

  test("what cannot be true does not break it: circles, edges to nowhere, loops", () => {
    const { boxes } = layout([{ id: "a" }, { id: "b" }], [{ from: "a", to: "b" }, { from: "b", to: "a" }, { from: "a", to: "ghost" }, { from: "a", to: "a" }]);
    assert.equal(boxes.size, 2);
  });
});

describe("text to paste", () => {
  const finding = { job_name: "orders\nevil: true", code: "SW1101", slug: "slow-sink", actions: [
    { kind: "rescale", key: "sink.parallelism", from: "4", to: "8" },
    { kind: "set_config", key: "a.duration", from: null, to: "30 s" },
    { kind: "set_config", key: "a: b\nc", from: null, to: "never a key" },
    { kind: "change_code", key: "the.code", from: null, to: "x" },
  ] };

  test("holds options only, and a name cannot add lines", () => {
    assert.equal(asYaml(finding, "2026-11-22 03:13"), "# orders evil: true: SW1101 slow-sink, 2026-11-22 03:13 UTC\nsink.parallelism: 8  # was 4\na.duration: 30 s\n");
  });

  test("values are quoted where YAML would read something else", () => {
    for (const same of ["8", "30 s", "rocksdb", "4 GiB", "s3://bucket/path", "0.4"]) assert.equal(yamlValue(same), same);
    assert.equal(yamlValue("yes"), '"yes"');
    assert.equal(yamlValue("a: b"), '"a: b"');
    assert.equal(yamlValue("x # y"), '"x # y"');
    assert.equal(yamlValue('say "hi"\n'), '"say \\"hi\\"\\n"');
    assert.equal(yamlValue("*"), '"*"');
    assert.equal(yamlValue(""), '""');
  });

  test("a difference removes only what is set", () => {
    const lines = diff(finding, [{ key: "sink.parallelism", value: "4", set_by: "job" }, { key: "a.duration", value: "10 s", set_by: "default" }]).map(({ text }) => text);
    assert.deepEqual(lines, ["--- config.yaml", "+++ config.yaml", "-sink.parallelism: 4", "+sink.parallelism: 8", "+a.duration: 30 s"]);
  });
});

describe("lines", () => {
  test("a gap in the figures is a gap in the line", () => {
    assert.equal(linePath([0, null, 1, 1], { width: 30, height: 10, low: 0, high: 1 }), "M0 10M20 0L30 0");
  });

  test("a young job's hour begins where its figures do", () => {
    const series = { start: "2026-11-22T02:13:10Z", step_s: 10, lines: [{ values: [...Array(340).fill(null), ...Array(21).fill(1)] }, { values: Array(361).fill(null) }] };
    const young = trimmed(series);
    assert.equal(young.lines.length, 1);
    assert.equal(young.steps, 30);
    assert.equal(new Date(young.start + 29 * 10_000).toISOString(), "2026-11-22T03:13:10.000Z");
    assert.equal(trimmed({ ...series, lines: [{ values: Array(361).fill(2) }] }).steps, 361);
    assert.deepEqual(trimmed(null).lines, []);
  });

  test("noise does not look like drama, and the limit is always in sight", () => {
    const [low, high] = bounds([100, 101, 100]);
    assert.ok(high - low > 25);
    assert.deepEqual(bounds([500, 985], [800]), [500, 985]);
    assert.deepEqual(bounds([]), [0, 1]);
  });
});
