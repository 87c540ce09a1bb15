"""An OpenID provider over real HTTP on loopback, for tests: it follows the rules until it is told which one to break."""

import asyncio
import hmac
import json
import secrets
import time
from base64 import b64decode, urlsafe_b64encode
from hashlib import sha256
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

FIRST_KEY = RSAKey.generate_key(2048)
CLIENT_ID, CLIENT_SECRET = "mainspring-tests", "a secret of the client + with signs"
ADA = {
    "sub": "ada-1",
    "email": "ada@example.com",
    "email_verified": True,
    "name": "Ada Lovelace",
    "picture": "https://img.example.com/ada.png",
}


class OidcServer:
    """`person` is who sits in front of it. What starts with `break_` names a rule that it breaks."""

    def __init__(self):
        self.person = dict(ADA)
        self.keys = {"key-1": FIRST_KEY}
        self.signing = "key-1"
        self.codes, self.tokens, self.asked = {}, {}, []
        self.claims, self.header, self.metadata_changes = {}, {}, {}
        self.sign = None  # a function of header and claims to the text of the ID token
        self.in_userinfo = ()  # claims that are told there alone
        self.userinfo = {}
        self.answers_with_issuer = True
        self.token_answer = None
        self.replies = {}  # path to (status, headers, body), in place of the answer
        self.slow = {}  # path to seconds
        self.emails = None  # GitHub's list
        self.refreshes = True
        self._connections = set()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self.issuer = f"http://127.0.0.1:{self.port}"
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for writer in list(self._connections):  # whoever keeps them open for a next question is a process that ends after us
            writer.close()
        await self._server.wait_closed()

    def rotate(self, kid):
        """Sign with another key; the old one is published no more."""
        self.keys = {kid: RSAKey.generate_key(2048)}
        self.signing = kid

    def count(self, path):
        return sum(one.partition("?")[0] == path for one in self.asked)

    def agree(self, address, **changes):
        """What the person's browser is sent back with after it opened the address and agreed: the parameters of the answer."""
        parts = urlsplit(address)
        question = dict(parse_qsl(parts.query))
        code = secrets.token_urlsafe(16)
        self.codes[code] = question
        answer = {"state": question["state"], "code": code}
        if self.answers_with_issuer and "/login/oauth" not in parts.path:
            answer["iss"] = self.issuer
        answer.update(changes)
        return {name: value for name, value in answer.items() if value is not None}

    def id_token(self, question, access_token):
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
            "nonce": question.get("nonce"),
            "at_hash": half_hash(access_token),
            **{name: value for name, value in self.person.items() if name not in self.in_userinfo},
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "RS256", "kid": self.signing, "typ": "JWT", **self.header}
        if self.sign is not None:
            return self.sign(header, claims)
        return signed(header, claims, self.keys[self.signing])

    def metadata(self):
        found = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "authorization_response_iss_parameter_supported": self.answers_with_issuer,
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            **self.metadata_changes,
        }
        return {name: value for name, value in found.items() if value is not None}

    def _answer(self, method, path, headers, body):
        if path.endswith("/.well-known/openid-configuration"):
            return self.metadata()
        if path == "/jwks":
            return {"keys": [{**key.as_dict(private=False), "kid": kid, "use": "sig"} for kid, key in self.keys.items()]}
        if path in ("/token", "/login/oauth/access_token"):
            return self._token(path, headers, dict(parse_qsl(body.decode())))
        person = self.tokens.get(headers.get("authorization", "").removeprefix("Bearer "))
        if person is None:
            return 401, {"error": "invalid_token"}
        if path == "/userinfo":
            return {**person, **self.userinfo}
        if path == "/api/user":
            return {"id": 4711, "login": "ada", "name": person.get("name")}
        if path == "/api/user/emails":
            return self.emails
        return 404, {}

    def _token(self, path, headers, form):
        self.form = form
        if self.token_answer is not None:
            return self.token_answer
        question = self.codes.pop(form.get("code"), None)
        fits = (
            question is not None
            and question["redirect_uri"] == form.get("redirect_uri")
            and question["code_challenge"] == s256(form.get("code_verifier", ""))
            and self._knows_client(headers, form)
        )
        if not fits:
            return (200 if "oauth" in path else 400), {"error": "invalid_grant"}
        access_token = secrets.token_urlsafe(16)
        self.tokens[access_token] = dict(self.person)
        answer = {"access_token": access_token, "token_type": "Bearer", "expires_in": 300}
        if self.refreshes:
            answer["refresh_token"] = "refresh-me"
        return answer if "oauth" in path else {**answer, "id_token": self.id_token(question, access_token)}

    def _knows_client(self, headers, form):
        if headers.get("authorization", "").startswith("Basic "):
            id, _, secret = b64decode(headers["authorization"][6:]).decode().partition(":")
            return (unquote_plus(id), unquote_plus(secret)) == (CLIENT_ID, CLIENT_SECRET)
        return form.get("client_id") == CLIENT_ID and (
            form.get("client_secret") == CLIENT_SECRET or form.get("client_secret", "").count(".") == 2
        )

    async def _connected(self, reader, writer):
        self._connections.add(writer)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode("latin-1").split("\r\n")
                method, target, _ = lines[0].split(" ")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                path = urlsplit(target).path
                self.asked.append(target)
                await asyncio.sleep(self.slow.get(path, 0))
                status, more, content = self.replies.get(path) or (0, {}, b"")
                if not status:
                    found = self._answer(method, path, headers, body)
                    status, found = found if isinstance(found, tuple) else (200, found)
                    content = json.dumps(found).encode()
                rows = {"Content-Type": "application/json", "Content-Length": str(len(content)), **more}
                writer.write(f"HTTP/1.1 {status} Told\r\n".encode())
                writer.write("".join(f"{name}: {value}\r\n" for name, value in rows.items()).encode() + b"\r\n" + content)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the other side has left
        finally:
            self._connections.discard(writer)
            writer.close()


def signed(header, claims, key):
    return jws.serialize_compact(header, json.dumps(claims).encode(), key, algorithms=[header["alg"]])


def unsigned(header, claims):
    parts = ({"alg": "none", **header}, claims)
    return ".".join([*(encoded(json.dumps(part).encode()) for part in parts), ""])


def signed_with_the_public_key(server):
    """HS256 with the public key's text as the secret: verifies where a library takes the algorithm from the token."""
    secret = server.keys[server.signing].as_pem(private=False)

    def sign(header, claims):
        signed_part = unsigned({**header, "alg": "HS256"}, claims).rstrip(".")
        return f"{signed_part}.{encoded(hmac.digest(secret, signed_part.encode(), 'sha256'))}"

    return sign


def encoded(raw):
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def s256(verifier):
    return encoded(sha256(verifier.encode()).digest())


def half_hash(token):
    return encoded(sha256(token.encode()).digest()[:16])


def apples_key():
    return ECKey.generate_key("P-256").as_pem(private=True).decode()


def redirect(to):
    return 302, {"Location": to}, b""


def query_of(address):
    return dict(parse_qsl(urlsplit(address).query))


def with_query(path, values):
    return f"{path}?{urlencode(values)}"
