// A sign-in through our provider with the client library oauth4webapi, which checks what it gets as the RFCs ask:
// discovery, PKCE, iss and state of the answer, DPoP, the ID token, refresh, revocation.
// node sign_in.mjs ISSUER CLIENT_ID CLIENT_SECRET REDIRECT_URI EMAIL PASSWORD
import * as oauth from 'oauth4webapi'

const [issuerUrl, clientId, secret, redirectUri, email, password] = process.argv.slice(2)
const insecure = { [oauth.allowInsecureRequests]: true }
const issuer = new URL(issuerUrl)
const client = { client_id: clientId }
const proof = oauth.ClientSecretBasic(secret)

const found = await oauth.discoveryRequest(issuer, { ...insecure, algorithm: 'oidc' })
const server = await oauth.processDiscoveryResponse(issuer, found)
const dpop = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))

const verifier = oauth.generateRandomCodeVerifier()
const state = oauth.generateRandomState()
const nonce = oauth.generateRandomNonce()
const request = new URL(server.authorization_endpoint)
request.search = new URLSearchParams({
  client_id: clientId, redirect_uri: redirectUri, response_type: 'code', scope: 'openid profile email own:read',
  state, nonce, code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
}).toString()

const params = oauth.validateAuthResponse(server, client, await signedIn(request), state)
const exchanged = await oauth.authorizationCodeGrantRequest(server, client, proof, params, redirectUri, verifier, { ...insecure, DPoP: dpop })
const tokens = await oauth.processAuthorizationCodeResponse(server, client, exchanged, { expectedNonce: nonce, requireIdToken: true })
await oauth.validateApplicationLevelSignature(server, exchanged, insecure)
const { sub } = oauth.getValidatedIdTokenClaims(tokens)

const info = await oauth.userInfoRequest(server, client, tokens.access_token, { ...insecure, DPoP: dpop })
const person = await oauth.processUserInfoResponse(server, client, sub, info)
const api = new URL('/api/v1/users/me', issuer)
const mine = await oauth.protectedResourceRequest(tokens.access_token, 'GET', api, undefined, undefined, { ...insecure, DPoP: dpop })

const refreshed = await oauth.refreshTokenGrantRequest(server, client, proof, tokens.refresh_token, { ...insecure, DPoP: dpop })
const after = await oauth.processRefreshTokenResponse(server, client, refreshed)
const told = await oauth.introspectionRequest(server, client, proof, after.access_token, insecure)
const alive = await oauth.processIntrospectionResponse(server, client, told)
await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, proof, after.refresh_token, insecure))
await new Promise((resolve) => setTimeout(resolve, 1100)) // every process knows within a second
const asked = await oauth.introspectionRequest(server, client, proof, after.access_token, insecure)
const dead = await oauth.processIntrospectionResponse(server, client, asked)

console.log(JSON.stringify({
  email: person.email, api: mine.status, tokenType: tokens.token_type, active: [alive.active, dead.active],
}))

// What a browser would do: fill in the pages of the provider, and stop where it would go to the client.
async function signedIn(start) {
  let cookie = ''
  let answer = await fetch(start, { redirect: 'manual' })
  for (const typed of [{ email, password }, { decision: 'allow' }]) {
    const page = await answer.text()
    const action = /<form method="post" action="([^"]+)">/.exec(page)[1]
    const hidden = [...page.matchAll(/<input type="hidden" name="([a-z_]+)" value="([^"]*)">/g)]
    const form = Object.fromEntries(hidden.map(([, name, value]) => [name, value.replaceAll('&amp;', '&')]))
    const headers = { cookie, 'sec-fetch-site': 'same-origin' }
    answer = await fetch(new URL(action, issuer), {
      method: 'POST', redirect: 'manual', headers, body: new URLSearchParams({ ...form, ...typed }),
    })
    cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? cookie
    const target = answer.headers.get('location')
    if (!target.startsWith('/')) return new URL(target)
    answer = await fetch(new URL(target, issuer), { redirect: 'manual', headers: { cookie } })
  }
  throw new Error('The pages led nowhere.')
}
