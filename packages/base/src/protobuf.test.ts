import { expect, it } from 'vitest';
import { ProtobufWriter } from './index.ts';

// Bytes as google.protobuf for Python writes them for the same fields.
it('writes every kind of field as protocol buffers lay it down', () => {
  const writer = new ProtobufWriter()
    .integer(1, 150)
    .integer(2, -1)
    .integer(3, 2 ** 40)
    .float(4, 1.5)
    .double(5, -0.1)
    .string(6, 'é')
    .message(7, (m) => m.integer(1, 0));
  expect(Buffer.from(writer.finish()).toString('hex')).toBe(
    '089601' +
      '10ffffffffffffffffff01' +
      '18808080808020' +
      '250000c03f' +
      '299a9999999999b9bf' +
      '3202c3a9' +
      '3a020800',
  );
});

it('grows with what it holds', () => {
  const large = new Uint8Array(100_000).fill(7);
  expect(new ProtobufWriter().bytes(1, large).finish().length).toBe(1 + 3 + 100_000);
});
