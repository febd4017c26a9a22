"""A real OAuth 2 server, Authlib's, on the loopback interface, with an API behind it and the pages that a user's browser would see."""

import json
import threading
import time

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc8628 import DEVICE_CODE_GRANT_TYPE, DeviceAuthorizationEndpoint, DeviceCodeGrant
from authlib.oauth2.rfc8628.models import DeviceCredentialDict
from flask import Flask, jsonify, request
from werkzeug.serving import WSGIRequestHandler, make_server

SECRET = "canary secret/+&%:ü"
PASSWORD = "canary-password"


class Party(ClientMixin):
    """A client that may use every grant; ``secret`` "" is a public one."""

    def __init__(self, client_id, secret):
        self.client_id, self.secret = client_id, secret

    def get_client_id(self):
        return self.client_id

    def get_default_redirect_uri(self):
        return None

    def get_allowed_scope(self, scope):
        return " ".join(one for one in (scope or "").split() if one != "forbidden")

    def check_redirect_uri(self, redirect_uri):
        return redirect_uri.startswith("http://127.0.0.1:")

    def check_client_secret(self, client_secret):
        return self.secret == client_secret

    def check_endpoint_auth_method(self, method, endpoint):
        return (method == "none") == (self.secret == "")

    def check_response_type(self, response_type):
        return response_type == "code"

    def check_grant_type(self, grant_type):
        return True


class Issued(dict, TokenMixin):
    """A token that the server gave out."""

    def check_client(self, client):
        return self["client_id"] == client.client_id

    def get_scope(self):
        return self.get("scope", "")

    def get_expires_in(self):
        return self["expires_in"]

    def is_expired(self):
        return False

    def is_revoked(self):
        return self.get("revoked", False)


class Code(dict):
    """An authorization code."""

    def get_redirect_uri(self):
        return self["redirect_uri"]

    def get_scope(self):
        return self["scope"]


class ClientCredentials(grants.ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")


class Password(grants.ResourceOwnerPasswordCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post", "none")

    def authenticate_user(self, username, password):
        return username if (username, password) == ("me", PASSWORD) else None


class Refresh(grants.RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post", "none")
    INCLUDE_NEW_REFRESH_TOKEN = True  # each is good for one use

    def authenticate_refresh_token(self, refresh_token):
        found = (token for token in self.server.owner.tokens if token.get("refresh_token") == refresh_token)
        return next((token for token in found if not token.is_revoked()), None)

    def authenticate_user(self, refresh_token):
        return "me"

    def revoke_old_credential(self, refresh_token):
        refresh_token["revoked"] = True


class AuthorizationCode(grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post", "none")

    def save_authorization_code(self, code, request):
        payload = request.payload
        found = Code(code=code, redirect_uri=payload.redirect_uri, scope=payload.scope or "")
        found.code_challenge = payload.data.get("code_challenge")
        found.code_challenge_method = payload.data.get("code_challenge_method")
        self.server.owner.codes[code] = found

    def query_authorization_code(self, code, client):
        return self.server.owner.codes.get(code)

    def delete_authorization_code(self, authorization_code):
        del self.server.owner.codes[authorization_code["code"]]

    def authenticate_user(self, authorization_code):
        return "me"


class DeviceEndpoint(DeviceAuthorizationEndpoint):
    def get_verification_uri(self):
        return self.server.owner.origin + "/activate"

    def save_device_credential(self, client_id, scope, data):
        data = {**data, "client_id": client_id, "scope": scope, "expires_at": time.time() + 900}
        self.server.owner.devices[data["device_code"]] = DeviceCredentialDict(data)


class DeviceCode(DeviceCodeGrant):
    def query_device_credential(self, device_code):
        return self.server.owner.devices.get(device_code)

    def query_user_grant(self, user_code):
        return self.server.owner.decisions.get(user_code)

    def should_slow_down(self, credential):
        return self.server.owner.grants.count(DEVICE_CODE_GRANT_TYPE) == 2


class OAuthServer:
    """The server. ``grants`` lists the grant types of all token requests, ``most`` says how many were ever answered at the same time."""

    def __init__(self, expires_in=3600):
        self.clients = {"reports": Party("reports", SECRET), "shell": Party("shell", "")}
        self.tokens, self.codes, self.devices, self.decisions = [], {}, {}, {}
        self.grants, self.bodies, self.calls = [], [], 0
        self.most = self._now = 0
        self.hold = None
        self._lock = threading.Lock()
        self.app = Flask("server")
        self.app.config["OAUTH2_REFRESH_TOKEN_GENERATOR"] = True
        kinds = ("client_credentials", "password", "refresh_token", "authorization_code", DEVICE_CODE_GRANT_TYPE)
        self.app.config["OAUTH2_TOKEN_EXPIRES_IN"] = dict.fromkeys(kinds, expires_in)
        self.oauth = AuthorizationServer(self.app, self.clients.get, self._save)
        self._register()
        self._routes()
        self._server = make_server("127.0.0.1", 0, self.app, threaded=True, request_handler=_Quiet)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        self.origin = f"http://127.0.0.1:{self._server.port}"

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def revoke_all(self):
        """Every access token that is out is refused from now on; refresh tokens stay."""
        for token in self.tokens:
            token["dead"] = True

    def _save(self, token, req):
        client = req.client.client_id
        with self._lock:
            self.tokens.append(Issued(token, client_id=client))

    def _register(self):
        self.oauth.owner = self
        for grant in (ClientCredentials, Password, Refresh, DeviceCode):
            self.oauth.register_grant(grant)
        self.oauth.register_grant(AuthorizationCode, [CodeChallenge(required=True)])
        self.oauth.register_endpoint(DeviceEndpoint)

    def _routes(self):
        route = self.app.route

        @route("/token", methods=["POST"])
        def token():
            with self._lock:
                self._now += 1
                self.most = max(self.most, self._now)
                self.grants.append(request.form["grant_type"])
                self.bodies.append({**request.form, "authorization": request.headers.get("Authorization", "")})
            try:
                if self.hold is not None:
                    self.hold.wait(0.2)
                return self.oauth.create_token_response()
            finally:
                with self._lock:
                    self._now -= 1

        @route("/authorize")
        def authorize():
            grant = self.oauth.get_consent_grant(end_user="me")
            return self.oauth.create_authorization_response(grant_user="me", grant=grant)

        @route("/device", methods=["POST"])
        def device():
            return self.oauth.create_endpoint_response("device_authorization")

        @route("/moved", methods=["POST"])
        def moved():
            return "", 307, {"Location": self.origin + "/token"}

        @route("/.well-known/openid-configuration")
        def metadata():
            paths = {"authorization": "authorize", "token": "token", "device_authorization": "device"}
            return jsonify(
                {"issuer": self.origin, **{f"{name}_endpoint": f"{self.origin}/{path}" for name, path in paths.items()}}
            )

        @route("/look")
        def look():
            sent = request.headers.get("Authorization", "")
            with self._lock:
                self.calls += 1
                alive = [f"Bearer {one['access_token']}" for one in self.tokens if not one.get("dead")]
            if sent not in alive:
                return json.dumps({"error": {"message": f"not {sent}"}}), 401, {"WWW-Authenticate": "Bearer"}
            return jsonify({"ok": True})


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type, message, *args):
        """Nothing."""
