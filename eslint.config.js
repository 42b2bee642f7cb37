import tseslint from 'typescript-eslint';

/**
 * The architecture: which package may import which. Dependencies point one way,
 * so a row lists only what lies upstream of it.
 */
const mayImport = {
  base: [],
  engine: ['base'],
  layers: ['base', 'engine'],
  resizer: ['base', 'engine', 'layers'],
  backbones: ['base', 'engine', 'layers'],
  datasets: ['base'],
  metrics: ['base'],
  training: ['base', 'engine', 'layers', 'datasets', 'metrics'],
  suite: ['base', 'engine', 'layers', 'datasets', 'metrics', 'training'],
  report: ['base', 'metrics'],
};
mayImport.study = Object.keys(mayImport);

const shared = Object.keys(mayImport);
const experiments = {
  classification: shared,
  quality: shared,
  // Swaps resizers within the tasks of the other two.
  generalisation: [...shared, 'classification', 'quality'],
};
Object.assign(mayImport, experiments);
mayImport.cli = Object.keys(mayImport);

const folderOf = (name) => (Object.hasOwn(experiments, name) ? `experiments/${name}` : `packages/${name}`);

const boundaries = Object.entries(mayImport).map(([name, allowed]) => {
  const forbidden = Object.keys(mayImport).filter((other) => other !== name && !allowed.includes(other));
  const patterns = [
    {
      regex: '^(\\.\\./)+(packages|experiments)/|^(\\.\\./)+[a-z]+/src/',
      message: 'Import another package by its name, not by path.',
    },
  ];
  if (forbidden.length > 0) {
    patterns.push({
      regex: `^@resizer-lab/(${forbidden.join('|')})($|/)`,
      message: `Package boundary: ${name} may import only ${allowed.join(', ') || 'nothing of ours'}.`,
    });
  }
  if (name !== 'engine') {
    patterns.push({ regex: '^@tensorflow/', message: 'Only packages/engine imports TensorFlow.' });
  }
  return {
    files: [`${folderOf(name)}/**/*.ts`],
    rules: { 'no-restricted-imports': ['error', { patterns }] },
  };
});

export default tseslint.config(
  { ignores: ['**/node_modules/**', '**/*.js', '**/*.mjs'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      'max-params': ['error', 4],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Use a named seed stream of @resizer-lab/base.' },
      ],
    },
  },
  ...boundaries,
);
