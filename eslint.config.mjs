import tseslint from 'typescript-eslint';

/** House rules that are a shape of the syntax; the message says why. */
const BAN = {
  localeCompare: {
    selector: "MemberExpression[property.name='localeCompare']",
    message: 'Order text by code units (util): a locale must never move a key or a layer.',
  },
  pipe: {
    selector: "CallExpression > MemberExpression.callee[property.name='pipe']",
    message: 'Use one pipeline() with the signal: pipe() loses errors and leaves streams open.',
  },
  env: {
    selector: "MemberExpression[object.name='process'][property.name='env']",
    message:
      'Only src/cli reads the environment: take what you need as an option, so that nothing reaches a key unseen.',
  },
  now: {
    selector:
      "CallExpression > MemberExpression.callee[object.name='Date'][property.name='now'], NewExpression[callee.name='Date'][arguments.length=0]",
    message: 'Take the time from src/util/clock.ts: tests and SOURCE_DATE_EPOCH need one clock.',
  },
  random: {
    selector: "CallExpression > MemberExpression.callee[object.name='Math'][property.name='random']",
    message: 'Take names from src/util/clock.ts: a random number elsewhere makes a build differ from itself.',
  },
  only: {
    selector: 'MemberExpression[object.name=/^(test|it|describe|suite)$/][property.name=/^(only|skip|todo)$/]',
    message: 'A test that is singled out or left out hides the others; what a machine lacks is said by the rig.',
  },
};
const banned = (...names) => ['error', ...names.map((name) => BAN[name])];

const BUDGETS = {
  'max-lines': ['error', { max: 300 }],
  'max-lines-per-function': ['error', { max: 60 }],
  complexity: ['error', 12],
  'max-params': ['error', 3],
};

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', 'fixtures/', 'node_modules/', '.dependency-cruiser.cjs'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        {
          argsIgnorePattern: '^_',
          varsIgnorePattern: '^_',
          destructuredArrayIgnorePattern: '^_',
          ignoreRestSiblings: true,
        },
      ],
      // Numbers and branded strings read well in a template; objects do not.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // Formats decide these: an option object of `{}` or an async method without await keeps an interface.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // A check that types say is needless is how untrusted input is met.
      '@typescript-eslint/no-unnecessary-condition': 'off',
    },
  },
  {
    files: ['src/**/*.ts', 'cache/**/*.ts'],
    rules: {
      ...BUDGETS,
      'no-console': 'error',
      'no-restricted-syntax': banned('localeCompare', 'pipe', 'env', 'now', 'random'),
    },
  },
  {
    files: ['src/cli/**/*.ts'],
    rules: { 'no-console': 'off', 'no-restricted-syntax': banned('localeCompare', 'pipe', 'now', 'random') },
  },
  {
    files: ['src/util/clock.ts'],
    rules: { 'no-restricted-syntax': banned('localeCompare', 'pipe', 'env') },
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts', 'scripts/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 500 }],
      'no-restricted-syntax': banned('localeCompare', 'only'),
      // A test reaches into what it has just made.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Tables of trees keyed by path have a `link`, which looks like String's.
      '@typescript-eslint/no-deprecated': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
    },
  },
);
