import { backbones } from '@resizer-lab/backbones';
import { compile } from '@resizer-lab/engine';
import { expect, it } from 'vitest';
import { compare, jobOf, resizers } from './step.fixture.ts';

/*
 * Sums of more than two terms may be made in another order (DenseNet's gradients), and TensorFlow fuses
 * swish where nothing else wants its gate (EfficientNet-B0): there the last bits differ.
 */
const roundedElsewise = ['densenet121', 'efficientnetb0'];

it.each(backbones)('gradient checkpointing changes nothing in a step of $name', (backbone) => {
  const job = jobOf(backbone, resizers['a learned resizer']!);
  const program = compile(job.shapes, {
    plain: job.step(),
    checkpointed: job.step({ gradientCheckpointing: true }),
  });
  const [plain, checkpointed] = ['plain', 'checkpointed'].map((name) => {
    program.assign(job.start);
    const loss = program.run(name, { ...job.batch, rate: 0.01 })['loss']![0]!;
    return { loss, values: program.read() };
  });
  const { differing, largest } = compare(job.parameters, plain!.values, checkpointed!.values);
  expect(largest).toBeLessThan(1e-5);
  expect(Math.abs(plain!.loss / checkpointed!.loss - 1)).toBeLessThan(1e-6);
  if (!roundedElsewise.includes(backbone.name)) expect(differing).toEqual([]);
  program.dispose();
});
