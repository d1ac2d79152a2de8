import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

// Built into files that the service serves under /desk/; nothing is fetched from anywhere else.
export default defineConfig({
  base: '/desk/',
  plugins: [vue({ template: { transformAssetUrls: false } })],
  test: {
    environment: 'happy-dom',
    include: ['tests/**/*.test.ts'],
    restoreMocks: true,
    server: { deps: { inline: ['element-plus'] } },
  },
  build: { target: 'es2022', assetsInlineLimit: 0, chunkSizeWarningLimit: 900 },
})
