// What is checked beyond types and format. No rule is off without a reason beside it.
import js from '@eslint/js'
import prettier from 'eslint-config-prettier/flat'
import vue from 'eslint-plugin-vue'
import globals from 'globals'
import typescript from 'typescript-eslint'

const LINE = { code: 120, ignoreUrls: true }

export default typescript.config(
  { ignores: ['dist', 'node_modules', 'src/openapi.ts'] },
  js.configs.recommended,
  typescript.configs.recommendedTypeChecked,
  vue.configs['flat/recommended'],
  prettier,
  {
    languageOptions: {
      globals: globals.browser,
      parserOptions: {
        parser: typescript.parser,
        projectService: { allowDefaultProject: ['eslint.config.js'] },
        extraFileExtensions: ['.vue'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      'max-lines': ['error', 250],
      'no-restricted-properties': [
        'error',
        { object: 'crypto', property: 'randomUUID', message: 'It is missing on plain http: newId() of ids.ts.' },
      ],
      'vue/block-lang': ['error', { script: { lang: 'ts' } }],
      'vue/no-undef-components': 'error',
      'vue/multi-word-component-names': 'off', // Account, Chart: the names of this desk, in no danger of HTML's
    },
  },
  {
    // What comes out of another .vue file is `any` here; vue-tsc, which knows it, checks those.
    files: ['**/*.vue', 'src/main.ts'],
    rules: {
      '@typescript-eslint/no-redundant-type-constituents': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  { files: ['eslint.config.js'], extends: [typescript.configs.disableTypeChecked] },
  { files: ['**/*.{ts,js}'], rules: { 'max-len': ['error', LINE] } },
  { files: ['**/*.vue'], rules: { 'vue/max-len': ['error', { ...LINE, template: LINE.code }] } },
)
