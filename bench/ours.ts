import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { compile, countMultiplyAdds, engineInfo, float32 } from '@resizer-lab/engine';
import { countParameters, initialValues, parametersOf } from '@resizer-lab/layers';
import { classObjective, predictStep, trainStep, variableShapes } from '@resizer-lab/training';
import { networkOf } from './src/network.ts';
import { type Contest, serve } from './src/serve.ts';
import type { Work } from './src/work.ts';

/*
 * Our contestant: the product's own compiled steps. Photos are bytes that come from JavaScript at each
 * step, as they do in training; the peers' stand ready as float32.
 */

const CLASSES = 1000;
const RATE = 0.01;

function contest(work: Work): Contest {
  const { batch, task, filters, blocks } = work;
  const side = work.resizer ?? work.size;
  const size = [side, side] as const;
  const shape = { ...(filters && { filters }), ...(blocks && { blocks }) };
  const network = networkOf({
    ...{ model: work.model, classes: CLASSES, size: work.size },
    ...(work.resizer && { resizer: shape }),
  });
  const parameters = parametersOf(network, [float32(batch, ...size, 3)]);
  const trainable = [...parameters.values()].filter((parameter) => parameter.trainable);
  const trained = trainable.map(({ name }) => name);
  const objective = classObjective({ labelSmoothing: 0 });
  const options = { batch, size, objective, momentum: 0.9, trained };
  const program = compile(
    variableShapes(parameters, task === 'train' ? trained : []),
    task === 'train' ? { step: trainStep(network, options) } : { step: predictStep(network, options) },
  );
  program.assign(initialValues(parameters, 0));
  const images = Uint8Array.from({ length: batch * side * side * 3 }, (_, i) => (i * 7919) % 256);
  const labels = Int32Array.from({ length: batch }, (_, i) => i);
  return {
    step() {
      const { loss, logits } = program.run('step', { images, labels, rate: RATE });
      return (loss ?? logits)![0]!;
    },
    describe() {
      const predict = compile(variableShapes(parameters, []), {
        step: predictStep(network, { batch, size }),
      });
      const forward = countMultiplyAdds(predict.graph) / batch;
      predict.dispose();
      return {
        versions: { node: process.versions.node, tensorflow: engineInfo.tensorflow },
        threads: availableParallelism(),
        multiplyAdds: forward,
        trainable: countParameters(trainable),
        stepFlops: 2 * countMultiplyAdds(program.graph),
      };
    },
  };
}

function workOf(args: string[]): Work {
  const text = { type: 'string', default: '' } as const;
  const options = { task: text, model: text, size: text, batch: text };
  const shape = { resizer: text, filters: text, blocks: text };
  const { task, model, size, batch, ...given } = parseArgs({
    args,
    options: { ...options, ...shape },
  }).values;
  const [resizer, filters, blocks] = [given.resizer, given.filters, given.blocks].map(Number);
  return {
    ...{ task: task as Work['task'], model, size: Number(size), batch: Number(batch) },
    ...(resizer && { resizer }),
    ...(filters && { filters }),
    ...(blocks && { blocks }),
  };
}

await serve(contest(workOf(process.argv.slice(2))));
