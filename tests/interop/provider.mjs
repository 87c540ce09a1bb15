// An OpenID provider of npm's oidc-provider on a free port of loopback, with its own pages for signing in: whatever name is typed
// there is signed in. Prints its issuer as JSON and ends when its input does.
// node provider.mjs CLIENT_ID CLIENT_SECRET CALLBACK [PORT BACKCHANNEL_LOGOUT_URI]
import { createServer } from "node:http";
import Provider from "oidc-provider";

const [clientId, clientSecret, callback, port = "0", logoutUri] = process.argv.slice(2);
const hearing = logoutUri && { backchannel_logout_uri: logoutUri, backchannel_logout_session_required: true };
const server = createServer();

server.listen(Number(port), "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        application_type: "native", // so that the port of a redirect to loopback may be any (RFC 8252 7.3)
        token_endpoint_auth_method: "client_secret_basic",
        grant_types: ["authorization_code"],
        response_types: ["code"],
        redirect_uris: [callback],
        ...hearing,
      },
    ],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: id !== "mallory", name: "Ada Lovelace" }),
    }),
    features: { backchannelLogout: { enabled: true } },
    fetch: (url, { dispatcher, ...options }) => fetch(url, options), // its own way refuses loopback, where we are in tests
    pkce: { required: () => true },
    cookies: { keys: ["a key of tests"] },
  });
  server.on("request", provider.callback());
  console.log(JSON.stringify({ issuer }));
});

process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
