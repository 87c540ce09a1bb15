// A resource server in another language: checks an access token with the keys that Mainspring publishes.
// With logout+jwt as the last word it checks a logout token.
// node verify_token.mjs ISSUER AUDIENCE JWKS_URL TOKEN [TYPE] -> {"subject", "keyId", "algorithm"}, and then {"session", "events"} too
import { createRemoteJWKSet, jwtVerify } from "jose";

const [issuer, audience, url, token, typ = "at+jwt"] = process.argv.slice(2);
const keys = createRemoteJWKSet(new URL(url));
const { payload, protectedHeader } = await jwtVerify(token, keys, { issuer, audience, typ });
const more = typ === "logout+jwt" && { session: payload.sid, events: payload.events };
console.log(JSON.stringify({ subject: payload.sub, keyId: protectedHeader.kid, algorithm: protectedHeader.alg, ...more }));
