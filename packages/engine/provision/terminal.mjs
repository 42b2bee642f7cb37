/** How often a plain log gets a sign of life, in ms. */
const plainEvery = 10_000;
const liveEvery = 200;

/**
 * @typedef {object} Terminal
 * @property {(label: string) => Step} step starts a step of the work and shows it until it is done
 *
 * @typedef {object} Step
 * @property {(detail: string) => void} update what to show after the label, such as '31 of 274 MB'
 * @property {(detail?: string) => void} end the step is over; shows its duration
 */

/**
 * Progress for people: on a terminal one live line a step, elsewhere plain lines.
 * @param {NodeJS.WriteStream} [stream]
 * @returns {Terminal}
 */
export function terminal(stream = process.stderr) {
  return { step: (label) => (stream.isTTY ? liveStep : plainStep)(stream, label) };
}

/**
 * Does work as a step: shown from its start to its end, however it ends.
 * @template T
 * @param {Terminal} terminal
 * @param {string} label
 * @param {(update: Step['update']) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function during({ step }, label, work) {
  const { update, end } = step(label);
  try {
    const result = await work(update);
    end();
    return result;
  } catch (error) {
    end('failed');
    throw error;
  }
}

/**
 * @param {NodeJS.WriteStream} stream
 * @param {string} label
 * @returns {Step}
 */
function liveStep(stream, label) {
  const started = performance.now();
  let detail = '';
  const show = () => {
    const text = [label, detail, seconds(started)].filter(Boolean).join('  ');
    stream.write(`\r\x1b[2K${text.slice(0, (stream.columns || 80) - 1)}`);
  };
  const timer = setInterval(show, liveEvery);
  show();
  return {
    update: (text) => void (detail = text),
    end(text) {
      clearInterval(timer);
      stream.write(`\r\x1b[2K${label}: ${text ?? `done in ${seconds(started)}`}\n`);
    },
  };
}

/**
 * @param {NodeJS.WriteStream} stream
 * @param {string} label
 * @returns {Step}
 */
function plainStep(stream, label) {
  /** @param {string} text */
  const line = (text) => void stream.write(`${text}\n`);
  const started = performance.now();
  let shown = started;
  line(`${label} …`);
  return {
    update(detail) {
      if (performance.now() - shown < plainEvery) return;
      shown = performance.now();
      line(`${label}: ${detail}`);
    },
    end: (text) => line(`${label}: ${text ?? `done in ${seconds(started)}`}`),
  };
}

/** @param {number} started */
const seconds = (started) => `${((performance.now() - started) / 1000).toFixed(0)} s`;

/**
 * '31 of 274 MB, 11 %'; a part may never show more than its whole.
 * @param {number} part in bytes
 * @param {number} whole in bytes
 * @returns {string}
 */
export function megabytes(part, whole) {
  const share = Math.min(part / whole, 1);
  return `${Math.round((share * whole) / 1e6)} of ${Math.round(whole / 1e6)} MB, ${Math.floor(share * 100)} %`;
}
