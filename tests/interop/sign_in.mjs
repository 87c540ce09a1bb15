// A sign-in through our provider with the client library oauth4webapi, which checks what it gets as the RFCs ask:
// discovery, PKCE, a pushed request, iss and state of the answer, DPoP, the ID token, refresh, revocation.
// node sign_in.mjs ISSUER CLIENT_ID CLIENT_SECRET REDIRECT_URI EMAIL PASSWORD
import * as oauth from 'oauth4webapi'
import { Browser } from './pages.mjs'

const [issuerUrl, clientId, secret, redirectUri, email, password] = process.argv.slice(2)
const insecure = { [oauth.allowInsecureRequests]: true }
const issuer = new URL(issuerUrl)
const client = { client_id: clientId }
const proof = oauth.ClientSecretBasic(secret)

const found = await oauth.discoveryRequest(issuer, { ...insecure, algorithm: 'oidc' })
const server = await oauth.processDiscoveryResponse(issuer, found)
const dpop = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
const bound = { ...insecure, DPoP: dpop }

const verifier = oauth.generateRandomCodeVerifier()
const state = oauth.generateRandomState()
const nonce = oauth.generateRandomNonce()
const wish = new URLSearchParams({
  redirect_uri: redirectUri, response_type: 'code', scope: 'openid profile email own:read', state, nonce,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
})
const pushed = await oauth.processPushedAuthorizationResponse(
  server, client, await oauth.pushedAuthorizationRequest(server, client, proof, wish, bound),
)
const request = new URL(server.authorization_endpoint)
request.search = new URLSearchParams({ client_id: clientId, request_uri: pushed.request_uri }).toString()

const browser = new Browser(issuer)
const consent = await browser.fill(await browser.go(request), { email, password })
const { left } = await browser.fill(consent, { decision: 'allow' })

const params = oauth.validateAuthResponse(server, client, left, state)
const exchanged = await oauth.authorizationCodeGrantRequest(server, client, proof, params, redirectUri, verifier, bound)
const tokens = await oauth.processAuthorizationCodeResponse(server, client, exchanged, {
  expectedNonce: nonce, requireIdToken: true, maxAge: 60,
})
await oauth.validateApplicationLevelSignature(server, exchanged, insecure)
const { sub, acr } = oauth.getValidatedIdTokenClaims(tokens)

const info = await oauth.userInfoRequest(server, client, tokens.access_token, bound)
const person = await oauth.processUserInfoResponse(server, client, sub, info)
const api = new URL('/api/v1/users/me', issuer)
const mine = await oauth.protectedResourceRequest(tokens.access_token, 'GET', api, undefined, undefined, bound)
const unbound = await fetch(api, { headers: { authorization: `Bearer ${tokens.access_token}` } })

const refreshed = await oauth.refreshTokenGrantRequest(server, client, proof, tokens.refresh_token, bound)
const after = await oauth.processRefreshTokenResponse(server, client, refreshed)
const told = await oauth.introspectionRequest(server, client, proof, after.access_token, insecure)
const alive = await oauth.processIntrospectionResponse(server, client, told)
await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, proof, after.refresh_token, insecure))
await new Promise((resolve) => setTimeout(resolve, 1100)) // every process knows within a second
const asked = await oauth.introspectionRequest(server, client, proof, after.access_token, insecure)
const dead = await oauth.processIntrospectionResponse(server, client, asked)

console.log(JSON.stringify({
  email: person.email, acr, api: mine.status, unbound: unbound.status, tokenType: tokens.token_type, active: [alive.active, dead.active],
}))
