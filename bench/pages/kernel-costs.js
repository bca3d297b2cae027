/** onnxruntime's profile of a session → what each kind of kernel cost. Knows the profile's events; knows no browser. */

/** Kinds of runs of the language model that cost differently, by the rows (new tokens) of a run. */
const ROW_KINDS = [
  { kind: 'prompt', from: 17 },
  { kind: 'checking a draft', from: 2 },
  { kind: 'one token', from: 1 },
];

/**
 * @typedef {{ op: string, calls: number, ms: number, gmac: number, weightMB: number }} OpCost means a run
 * @typedef {{ graph: string, phase: string, kind: string | null, runs: number, rows: number, ms: number, kernelMs: number, ops: OpCost[] }} GraphCost
 */

/**
 * @param {string} graph
 * @param {readonly { phase: string | null, rows: number, ms: number }[]} runs in order, all of the session
 * @param {readonly string[]} printed lines of the profile, events in order
 * @returns {GraphCost[]} one for each phase and kind of run that was counted; means a run
 */
export function costsOfKernels(graph, runs, printed) {
  /** @type {Map<string, GraphCost & { byOp: Map<string, OpCost> }>} */
  const costs = new Map();
  for (const [index, events] of runsOf(printed).entries()) {
    const run = runs[index];
    if (run === undefined || run.phase === null) continue;
    const kind = graph === 'language-model' ? (ROW_KINDS.find(({ from }) => run.rows >= from)?.kind ?? null) : null;
    const key = `${run.phase} ${kind}`;
    const cost = costs.get(key) ?? { graph, phase: run.phase, kind, runs: 0, rows: 0, ms: 0, kernelMs: 0, ops: [], byOp: new Map() };
    costs.set(key, cost);
    cost.runs += 1;
    cost.rows += run.rows;
    cost.ms += run.ms;
    for (const event of events) {
      const op = event.args.op_name;
      const of = cost.byOp.get(op) ?? { op, calls: 0, ms: 0, gmac: 0, weightMB: 0 };
      cost.byOp.set(op, of);
      const { macs, bytes } = workOf(event.args);
      of.calls += 1;
      of.ms += event.dur / 1000;
      of.gmac += macs / 1e9;
      of.weightMB += bytes / 1e6;
      cost.kernelMs += event.dur / 1000;
    }
  }
  return [...costs.values()].map(({ byOp, ...cost }) => ({
    ...cost,
    rows: cost.rows / cost.runs,
    ms: cost.ms / cost.runs,
    kernelMs: cost.kernelMs / cost.runs,
    ops: [...byOp.values()]
      .map(({ op, ...sums }) => ({ op, ...Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / cost.runs])) }))
      .sort((one, other) => other.ms - one.ms),
  }));
}

/** The kernels' events of each run. @param {readonly string[]} printed */
function runsOf(printed) {
  const runs = [];
  let open = [];
  for (const line of printed) {
    for (const event of eventsOf(line)) {
      if (event.cat === 'Session' && event.name === 'model_run') {
        runs.push(open);
        open = [];
      } else if (event.cat === 'Node' && event.name.endsWith('_kernel_time')) open.push(event);
    }
  }
  return runs;
}

/** One event a line, in a JSON array whose brackets have lines of their own. @param {string} line */
function eventsOf(line) {
  const bare = line.trim().replace(/,$/, '');
  if (!bare.startsWith('{')) return [];
  return [JSON.parse(bare)];
}

const BYTES = { float: 4, float16: 2, int8: 1, uint8: 1 };

/** Multiplications of a kernel and the bytes of its weights, where it is a product or a convolution of known form. */
function workOf({ op_name: op, input_type_shape: inputs, output_type_shape: outputs }) {
  const shapeOf = (typed) => Object.entries(typed ?? {})[0] ?? ['', []];
  const [, left] = shapeOf(inputs[0]);
  const [type, right] = shapeOf(inputs[1]);
  const product = (dims) => dims.reduce((all, dim) => all * dim, 1);
  const none = { macs: 0, bytes: 0 };
  if (/Conv/.test(op) && right.length === 4) {
    const [, out] = shapeOf(outputs[0]);
    return { macs: product(out) * product(right.slice(1)), bytes: product(right) * (BYTES[type] ?? 0) };
  }
  if (/MatMul|Gemm/.test(op) && right.length === 2 && left.length > 0) {
    // A Gemm's second matrix may be turned: its inner dim is the one that both have.
    const inner = left.at(-1);
    return { macs: product(left.slice(0, -1)) * product(right), bytes: right.includes(inner) ? product(right) * (BYTES[type] ?? 0) : 0 };
  }
  return none;
}
