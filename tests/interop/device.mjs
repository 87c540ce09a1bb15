// A device that is let in through our provider with the client library oauth4webapi (RFC 8628).
// node device.mjs ISSUER CLIENT_ID EMAIL PASSWORD
import * as oauth from 'oauth4webapi'
import { Browser } from './pages.mjs'

const [issuerUrl, clientId, email, password] = process.argv.slice(2)
const insecure = { [oauth.allowInsecureRequests]: true }
const issuer = new URL(issuerUrl)
const client = { client_id: clientId }
const proof = oauth.None()

const found = await oauth.discoveryRequest(issuer, { ...insecure, algorithm: 'oauth2' })
const server = await oauth.processDiscoveryResponse(issuer, found)
const offered = await oauth.processDeviceAuthorizationResponse(
  server, client, await oauth.deviceAuthorizationRequest(server, client, proof, { scope: 'own:read' }, insecure),
)
const words = [await ask(), await ask()] // at once, so the second is too early

const browser = new Browser(issuer)
const signIn = await browser.fill(await browser.go(offered.verification_uri_complete), { user_code: offered.user_code })
const entry = await browser.fill(signIn, { email, password })
const question = await browser.fill(entry, { user_code: offered.user_code })
await browser.fill(question, { decision: 'allow' })

const tokens = await ask()
const api = new URL('/api/v1/users/me', issuer)
const mine = await oauth.protectedResourceRequest(tokens.access_token, 'GET', api, undefined, undefined, insecure)
console.log(JSON.stringify({ words: [...words, await ask()], email: (await mine.json()).email }))

// The tokens, or the word for why there are none.
async function ask() {
  const answer = await oauth.deviceCodeGrantRequest(server, client, proof, offered.device_code, insecure)
  try {
    return await oauth.processDeviceCodeResponse(server, client, answer)
  } catch (refused) {
    if (refused instanceof oauth.ResponseBodyError) return refused.error
    throw refused
  }
}
