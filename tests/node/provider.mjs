// A real identity provider for the tests: node provider.mjs PORT BACK. Whoever types a name is that person.
import Provider from 'oidc-provider'

const [port, back] = process.argv.slice(2)
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: 'daoxue', client_secret: 'a-secret-of-the-tests', redirect_uris: [back], response_types: ['code'], grant_types: ['authorization_code'] }],
  pkce: { required: () => true },
  claims: { openid: ['sub'], profile: ['preferred_username'] },
  conformIdTokenClaims: false,
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, preferred_username: id }) }),
  features: { devInteractions: { enabled: true } },
})
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'))
