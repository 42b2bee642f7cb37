import { attribute, execute, FLOAT, UINT8 } from '../native.ts';
import { backend, type Tensor4D } from '../tensorflow.ts';

/**
 * Bytes of photos as float32, 0 … 255. TF.js has no uint8; TensorFlow has.
 * @param images [batch, h, w, 3]; a `uint8` input of a program, or any int32 or float32 tensor
 */
export function toFloat(images: Tensor4D): Tensor4D {
  const native = backend.tensorMap.get(images.dataId).dtype;
  if (native === FLOAT) return images;
  const source = native === UINT8 ? UINT8 : backend.getDTypeInteger(images.dtype);
  return execute(
    'Cast',
    [attribute.type('SrcT', source), attribute.type('DstT', FLOAT), attribute.bool('Truncate', false)],
    [images],
  ) as Tensor4D;
}
