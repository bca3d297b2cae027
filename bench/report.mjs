/** results.json → RESULTS.md. Every figure there comes from here. */

/** What others use of the machine, from which on figures are called wrong. */
const BUSY = 0.05;

/** @param {number | null | undefined} value @param {number} [digits] */
const figure = (value, digits = 0) => (typeof value === 'number' && Number.isFinite(value) ? value.toFixed(digits) : '–');
/** Large ones round, small ones to a tenth. @param {number | null | undefined} value */
const rate = (value) => figure(value, typeof value === 'number' && value < 100 ? 1 : 0);
/** @param {number | undefined} value @param {number | undefined} by */
const ratio = (value, by) => (value && by ? `${(value / by).toFixed(2)} ×` : '–');

/** Columns as wide as their widest cell. @param {string[]} head @param {string[][]} rows @returns {string[]} */
function table(head, rows) {
  const widths = head.map((cell, column) => Math.max(3, ...[head, ...rows].map((row) => (row[column] ?? cell).length)));
  const line = (/** @type {string[]} */ cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)];
}

/** @param {Record<string, any>} suite */
function circumstances({ made, commit, command, machine, rows, leftOut }) {
  const changed = machine.changedFiles > 0 ? `, with ${machine.changedFiles} files changed since` : '';
  const versions = Object.entries(machine.versions).flatMap(([name, version]) => (version === null ? [] : [`${name} ${version}`]));
  /** @type {Map<string, any>} */
  const measured = new Map(rows.map((/** @type {any} */ row) => [row.what, row]));
  const seen = [...measured.values()].filter((row) => typeof row.others === 'number');
  const busy = seen.filter(({ others }) => others >= BUSY).map(({ what, others }) => `${what} (${figure(100 * others)} %)`);
  const earlier = [...measured.values()]
    .filter((row) => row.made !== made || row.commit !== commit)
    .map((row) => `${row.what} (${row.made}, ${row.commit})`);
  const lines = [
    `${made}, \`${command}\`. ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}; Chromium ${machine.chromium}, headless; Node ${machine.node}. EmoLLM at ${machine.commit}${changed}. ${versions.join(', ')}.`,
  ];
  if (earlier.length > 0) lines.push(`Kept from an earlier run on the same machine: ${earlier.join(', ')}.`);
  if (busy.length > 0) lines.push(`**Something else ran** meanwhile: ${busy.join(', ')} of the machine. These figures are too slow.`);
  else if (seen.length > 0)
    lines.push(`Others used at most ${figure(100 * Math.max(...seen.map(({ others }) => others)), 1)} % of the machine meanwhile.`);
  const blind = [...measured.values()].filter((row) => typeof row.others !== 'number').map((row) => row.what);
  if (blind.length > 0) lines.push(`Nobody watched whether something else ran: ${blind.join('; ')}.`);
  if (leftOut.length > 0) lines.push('', 'Left out:', '', ...leftOut.map((/** @type {any} */ { what, why }) => `- ${what}: ${why}.`));
  return [...lines, ''];
}

/** @param {Record<string, any>} fast */
function fastPart(fast) {
  const lines = ['## Fast path', '', ...circumstances(fast)];
  lines.push(
    `Frames: ${fast.frameCount} of 640 × 360 made of the sample portrait, moved by a few px from frame to frame. One after the other, each as soon as the one before is read. The ratios say how many times as long the row takes as ours.`,
  );
  for (const [size, title] of [
    ['large', 'One large face'],
    ['small', 'Two small faces (75 px)'],
  ]) {
    const rows = fast.rows.filter((/** @type {any} */ row) => row.size === size);
    const ours = rows.filter((/** @type {any} */ row) => row.ours);
    if (rows.length === 0) continue;
    const [live, anew] = ours;
    lines.push(
      '',
      `### ${title}`,
      '',
      ...table(
        [
          'who',
          'ms a frame, median',
          'p90',
          'frames/s',
          'faces a frame',
          'frames with a face',
          'peak MB',
          'to ours as the page runs it',
          'to ours with the detector on every frame',
        ],
        rows.map((/** @type {any} */ row) => [
          row.who,
          rate(row.medianMs),
          rate(row.p90Ms),
          rate(row.perSecond),
          figure(row.facesMean, 2),
          `${figure(100 * row.framesWithFace)} %`,
          figure(row.peakMB),
          ratio(row.medianMs, live?.medianMs),
          ratio(row.medianMs, anew?.medianMs),
        ]),
      ),
    );
  }
  return [...lines, ''];
}

/** @param {Record<string, any>} growth */
function growthPart(growth) {
  const lines = ['## How the cost grows', '', ...circumstances(growth)];
  const rows = (/** @type {string} */ kind) => growth.rows.filter((/** @type {any} */ row) => row.kind === kind);
  const frame = (/** @type {any} */ row) => [rate(row.medianMs), rate(row.p90Ms), figure(row.facesMean, 2), figure(row.peakMB)];
  const columns = ['ms a frame, median', 'p90', 'faces found a frame', 'peak MB'];
  const [first] = rows('faces');
  const each = (/** @type {any} */ row) => (row.faces > first.faces ? rate((row.medianMs - first.medianMs) / (row.faces - first.faces)) : '–');
  lines.push(`The fast path on ${growth.frameCount} frames, as the page runs it on a camera, with the faces of the frame or its size growing:`, '');
  if (first !== undefined) {
    const head = ['faces of 70 px in 1920 × 1080', ...columns, 'ms for each face more'];
    lines.push(...table(head, rows('faces').map((/** @type {any} */ row) => [figure(row.faces), ...frame(row), each(row)])), '');
  }
  lines.push(
    ...table(['one large face in a frame of', ...columns], rows('size').map((/** @type {any} */ row) => [`${row.width} × ${row.height}`, ...frame(row)])),
    '',
    'The deep path on the sample picture with words given, task sarcasm (a prompt says what is true of the words and quotes the first of them):',
    '',
    ...table(
      ['words', 'prompt tokens', 'prefill ms', 'decode tokens/s', 'whole explanation ms'],
      rows('prompt').map((/** @type {any} */ row) => [
        figure(row.words),
        figure(row.promptTokens),
        figure(row.prefillMs),
        rate(row.decodePerSecond),
        figure(row.wholeMs),
      ]),
    ),
  );
  return [...lines, ''];
}

/** @param {Record<string, any>} language */
function languagePart(language) {
  const [ours] = language.rows.filter((/** @type {any} */ row) => row.kind === 'ours');
  const lines = ['## Language model', '', ...circumstances(language)];
  lines.push(
    `SmolLM2-135M everywhere. Prompt: EmoPrompt on the sample picture; new tokens: as many as ours writes of at most ${language.newTokens}, greedy. Medians after one warm-up. The ratios say how many times as fast ours is, drafts included.`,
    '',
    ...table(
      [
        'who',
        'threads',
        'prompt tokens',
        'new tokens',
        'prefill tokens/s',
        'decode tokens/s',
        'load s',
        'peak MB',
        'runs',
        'prefill: ours to it',
        'decode: ours to it',
      ],
      language.rows.map((/** @type {any} */ row) => [
        row.who,
        figure(row.threads),
        figure(row.promptTokens),
        figure(row.tokens),
        rate(row.prefillPerSecond),
        rate(row.decodePerSecond),
        figure(row.loadSeconds, 1),
        figure(row.peakMB),
        figure(row.runs),
        ratio(ours?.prefillPerSecond, row.prefillPerSecond),
        ratio(ours?.decodePerSecond, row.decodePerSecond),
      ]),
    ),
  );
  return [...lines, ''];
}

/** @param {Record<string, any>} start */
function startPart(start) {
  const { scripts } = start;
  const [figures = null] = start.rows;
  const lines = ['## Start of the page', '', ...circumstances(start)];
  const rows = [
    ['script of the page itself, gzip', `${figure(scripts.page / 1000)} kB`],
    ['script of the worker, gzip, before any runtime', `${figure(scripts.worker / 1000)} kB`],
  ];
  if (figures !== null) {
    rows.push(
      [`first reading possible, median of ${figures.visits} visits with a warm cache`, `${figure(figures.readerMs / 1000, 1)} s`],
      ['“Model ready”, the same', `${figure(figures.modelMs / 1000, 1)} s`],
      ['first reading possible, first visit (local server)', `${figure(figures.firstVisitReaderMs / 1000, 1)} s`],
      ['“Model ready”, the same', `${figure(figures.firstVisitModelMs / 1000, 1)} s`],
      ['peak memory of the tab', `${figure(figures.peakTabMB)} MB`],
      ['peak memory of the whole browser', `${figure(figures.peakTreeMB)} MB`],
    );
  }
  return [...lines, ...table(['what', 'figure'], rows), ''];
}

/** @param {Record<string, any>} video */
function videoPart(video) {
  const lines = ['## Videos analysed as files', '', ...circumstances(video)];
  lines.push(
    `The fixture clip (320 × 320, 25 frames a second, one face) written over and over, read at ${video.framesPerSecond} frame a second in the built page, all models loaded, on WebAssembly. Memory is that of the tab after a tenth of the job; early and late: the median of the first and last fifth of the rest. The readings stay in memory: they are what may grow.`,
    '',
    ...table(
      ['minutes of video', 'frames read', 'seconds', 'frames/s', 'early MB', 'late MB', 'peak MB', 'MB a minute of video'],
      video.rows.map((/** @type {any} */ row) => [
        figure(row.minutes),
        figure(row.frames),
        figure(row.seconds, 1),
        rate(row.perSecond),
        figure(row.earlyMB),
        figure(row.lateMB),
        figure(row.peakMB),
        // In less time what was loaded is still being cleared away.
        row.seconds < 120 ? '–' : figure((row.slopeMB * row.seconds) / 60 / row.minutes, 2),
      ]),
    ),
  );
  return [...lines, ''];
}

/** @param {Record<string, any>} profile */
function profilePart(profile) {
  const [made] = profile.rows;
  const lines = ['## Where the time goes', '', ...circumstances(profile)];
  if (made === undefined) return lines;
  const share = (/** @type {number} */ part, /** @type {number} */ of) => `${figure((100 * part) / of)} %`;
  // In 8 bits a convolution of single pixels is a product.
  const isConvolution = (/** @type {any} */ { op }) => /Conv|MatMulIntegerToFloat/.test(op);
  const sumOf = (/** @type {any[]} */ ops) => ops.reduce((sum, { ms }) => sum + ms, 0);
  lines.push(
    `onnxruntime’s own profile of our graphs in a worker of their own, on WebAssembly with ${made.threads} threads, warm. The profiler itself takes a little: shares are right, sums a little large. One multiplication with its addition is a MAC.`,
    '',
    `One large face, ${made.frames} frames as a camera gives them: ${figure(made.readMs, 1)} ms a frame, of which ${figure(made.pixelMs, 1)} ms to get the pixels out of the frame, and:`,
    '',
  );
  const reading = made.graphs.filter((/** @type {any} */ { phase }) => phase === 'reading');
  const graphsMs = (/** @type {any} */ { ms, runs }) => (ms * runs) / made.frames;
  lines.push(
    ...table(
      ['graph', 'runs a frame', 'ms a run', 'ms a frame', 'convolutions', 'MMAC a run', 'GMAC/s in convolutions'],
      reading.map((/** @type {any} */ graph) => {
        const convolutions = graph.ops.filter(isConvolution);
        const gmac = convolutions.reduce((/** @type {number} */ sum, /** @type {any} */ op) => sum + op.gmac, 0);
        return [
          graph.graph,
          figure(graph.runs / made.frames, 2),
          figure(graph.ms, 1),
          figure(graphsMs(graph), 1),
          share(sumOf(convolutions), graph.kernelMs),
          figure(1000 * gmac, 0),
          figure((1000 * gmac) / sumOf(convolutions), 1),
        ];
      }),
    ),
    '',
  );
  const median = (/** @type {string} */ name) => {
    const sorted = made.texts.map((/** @type {any} */ { times }) => times[name]).sort((/** @type {number} */ a, /** @type {number} */ b) => a - b);
    return sorted[Math.floor(sorted.length / 2)];
  };
  const [text] = made.texts;
  const model = made.graphs.filter((/** @type {any} */ { graph }) => graph === 'language-model');
  const perText = (/** @type {any} */ { runs }) => runs / made.texts.length;
  const writing = model.filter((/** @type {any} */ { kind }) => kind !== 'prompt');
  const inGraph = writing.reduce((/** @type {number} */ sum, /** @type {any} */ kind) => sum + kind.ms * perText(kind), 0);
  lines.push(
    `An explanation of the sample picture, ${text.promptTokens} tokens of prompt and ${text.tokens} written, medians of ${made.texts.length}: scene encoder ${figure(median('scene'))} ms, face encoder ${figure(median('encode'))} ms, projection ${figure(median('project'))} ms, prompt ${figure(median('prefill'))} ms, writing ${figure(median('decode'))} ms (${figure(inGraph)} ms of it in the graph). The language model’s runs by kind of kernel:`,
    '',
  );
  const ops = [...new Set(model.flatMap((/** @type {any} */ { ops: all }) => all.filter((/** @type {any} */ { ms }) => ms >= 0.2).map((/** @type {any} */ { op }) => op)))];
  const cell = (/** @type {any} */ kind, /** @type {string} */ name) => {
    const op = kind.ops.find((/** @type {any} */ each) => each.op === name);
    if (op === undefined) return '–';
    const rates = op.gmac > 0 ? `, ${figure((1000 * op.gmac) / op.ms, 1)} GMAC/s, ${figure(op.weightMB / op.ms, 1)} GB/s of weights` : '';
    return `${figure(op.ms, 1)} ms${rates}`;
  };
  lines.push(
    ...table(
      ['kernel', ...model.map((/** @type {any} */ { kind, rows }) => `${kind} (${figure(rows, kind === 'one token' ? 0 : 1)} rows)`)],
      [
        ['runs a text', ...model.map((/** @type {any} */ kind) => figure(perText(kind), 1))],
        ['a run', ...model.map((/** @type {any} */ { ms }) => `${figure(ms, 1)} ms`)],
        ...ops.map((op) => [op, ...model.map((/** @type {any} */ kind) => cell(kind, op))]),
        ['between kernels', ...model.map((/** @type {any} */ { ms, kernelMs }) => `${figure(ms - kernelMs, 1)} ms`)],
      ],
    ),
  );
  return [...lines, ''];
}

/** @param {Record<string, any>} results @returns {string} */
export function report(results) {
  return [
    '# Speed beside peers',
    '',
    'Written by `npm run bench`; [README.md](README.md) says what is measured and what is not comparable.',
    '',
    ...(results.fast ? fastPart(results.fast) : []),
    ...(results.growth ? growthPart(results.growth) : []),
    ...(results.language ? languagePart(results.language) : []),
    ...(results.profile ? profilePart(results.profile) : []),
    ...(results.start ? startPart(results.start) : []),
    ...(results.video ? videoPart(results.video) : []),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}
