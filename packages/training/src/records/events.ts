import { closeSync, mkdirSync, openSync, readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { crc32c } from '@node-rs/crc32';
import { ProtobufWriter } from '@resizer-lab/base';
import { append, writing } from './disk.ts';

/** A TensorBoard event file that this process appends to. What was written survives its death. */
export interface EventFile {
  readonly path: string;
  /** One point of each curve, such as `{ 'train/loss': 1.2 }`; stored as 32-bit floats. */
  scalars(step: number, values: Readonly<Record<string, number>>): void;
  /** A text in Markdown, such as the config of the run. */
  text(step: number, tag: string, markdown: string): void;
  close(): void;
}

/** Where the name and the times of an event file come from; a test gives its own. */
export interface EventSource {
  /** Milliseconds since 1970. */
  now?: () => number;
  host?: string;
  pid?: number;
}

/**
 * Starts a new event file in a folder, beside those of earlier starts of the same run.
 * `from` is the first step that is still to come: TensorBoard forgets what earlier files say
 * about it and later ones, so that a resumed run does not draw a stretch of its curves twice.
 *
 * A file is a list of records (length, its checksum, a `tensorflow.Event`, its checksum); a
 * process killed at any byte leaves whole records and a rest that readers pass over.
 * @throws UserError if the folder or the file cannot be written.
 */
export function openEventFile(
  folder: string,
  { from = 0, now = Date.now, host = hostname(), pid = process.pid }: EventSource & { from?: number } = {},
): EventFile {
  const [path, fd] = writing(folder, () => {
    mkdirSync(folder, { recursive: true });
    const name = `events.out.tfevents.${nextSecond(folder, now)}.${host}.${pid}`;
    const file = join(folder, name);
    return [file, openSync(file, 'ax')] as const;
  });
  const write = (step: number, fields: (event: ProtobufWriter) => unknown) => {
    const event = new ProtobufWriter().double(1, now() / 1000);
    if (step !== 0) event.integer(2, step);
    fields(event);
    writing(path, () => append(fd, record(event.finish())));
  };
  write(0, (event) => event.string(3, 'brain.Event:2'));
  write(from, sessionStart);
  return {
    path,
    scalars: (step, values) => write(step, (event) => scalarSummary(event, values)),
    text: (step, tag, markdown) => write(step, (event) => textSummary(event, tag, markdown)),
    close: () => closeSync(fd),
  };
}

/** TensorBoard reads files in the order of their names, so that a later start needs a later second. */
function nextSecond(folder: string, now: () => number): string {
  const seconds = readdirSync(folder).map((name) =>
    Number(/^events\.out\.tfevents\.(\d{10})\./.exec(name)?.[1] ?? -1),
  );
  const last = seconds.reduce((a, b) => Math.max(a, b), -1);
  return String(Math.max(Math.floor(now() / 1000), last + 1)).padStart(10, '0');
}

// The field numbers below are those of event.proto, summary.proto and tensor.proto of TensorFlow.

/** Event.session_log: { status: START }. */
const sessionStart = (event: ProtobufWriter) => event.message(7, (log) => log.integer(1, 1));

/** Event.summary: { value: [{ tag, simple_value }, …] }. */
function scalarSummary(event: ProtobufWriter, values: Readonly<Record<string, number>>): void {
  event.message(5, (summary) => {
    for (const [tag, value] of Object.entries(values)) {
      summary.message(1, (entry) => entry.string(1, tag).float(2, value));
    }
  });
}

/** Event.summary: { value: [{ tag, tensor, metadata }] }, for TensorBoard's text plugin. */
function textSummary(event: ProtobufWriter, tag: string, text: string): void {
  // TensorProto: { dtype: DT_STRING, tensor_shape: {}, string_val: [text] }
  const tensor = (to: ProtobufWriter) => to.integer(1, 7).bytes(2, new Uint8Array()).string(8, text);
  // SummaryMetadata: { plugin_data: { plugin_name: 'text' }, data_class: DATA_CLASS_TENSOR }
  const metadata = (to: ProtobufWriter) => to.message(1, (plugin) => plugin.string(1, 'text')).integer(4, 2);
  event.message(5, (summary) =>
    summary.message(1, (entry) => entry.string(1, tag).message(8, tensor).message(9, metadata)),
  );
}

/** A TFRecord: https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details */
function record(data: Uint8Array): Buffer {
  const length = Buffer.alloc(8);
  length.writeUInt32LE(data.length);
  return Buffer.concat([length, maskedCrc(length), data, maskedCrc(data)]);
}

/** ((crc >> 15) | (crc << 17)) + 0xa282ead8, in 32 bits. */
function maskedCrc(data: Uint8Array): Buffer {
  const crc = crc32c(data);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
  return bytes;
}
