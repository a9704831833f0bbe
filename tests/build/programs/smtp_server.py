"""A real SMTP server for tests, a process of its own: keeps what it takes, misbehaves as told.

Called with FOLDER and SECURITY, it prints its port. FOLDER holds `server.pem` (key and
certificates), `login.json` (user, password), and `behaviour.json`, read at each step:

    {"connect": "close" or "hang", "auth": "535 no", "mail": "421 busy", "rcpt": {"a@b": "550 no"},
     "data": "451 later" or "drop"}

By "drop" it takes the message, and the connection goes before the answer; by a reply that does not
begin with 4 or 5 it takes it too.
Each message that it takes becomes `N.eml`, and its envelope `N.json`.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class Handler:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def told(self, step: str) -> Any:
        return json.loads((self.folder / "behaviour.json").read_text()).get(step)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.told("mail") or "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = str((self.told("rcpt") or {}).get(address, "250 OK"))
        if reply.startswith("2"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        told = self.told("data")
        if not str(told).startswith(("4", "5")):
            number = len(list(self.folder.glob("*.eml"))) + 1
            assert isinstance(envelope.content, bytes)
            record = {"from": envelope.mail_from, "to": envelope.rcpt_tos}
            is_tls = session.ssl is not None or server.transport.get_extra_info("cipher")
            record |= {"is_tls": is_tls, "is_logged_in": session.authenticated}
            (self.folder / f"{number}.json").write_text(json.dumps(record))
            (self.folder / f"{number}.eml").write_bytes(envelope.content)
        if told == "drop":
            server.transport.abort()
        return told or "250 OK"


class Server(SMTP):
    async def _handle_client(self) -> None:
        how = self.event_handler.told("connect")
        if how == "close":
            self.transport.close()
        elif how == "hang":
            await asyncio.sleep(60)
        else:
            await super()._handle_client()


async def main(folder: Path, security: str) -> None:
    handler = Handler(folder)
    login = json.loads((folder / "login.json").read_text())
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem")

    def authenticate(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        given = {"user": data.login.decode(), "password": data.password.decode()}
        refusal = handler.told("auth")
        if refusal:
            return AuthResult(success=False, handled=False, message=refusal)
        return AuthResult(success=given == login, handled=False)

    def made() -> Server:
        return Server(
            handler,
            hostname="localhost",
            tls_context=context if security == "starttls" else None,
            require_starttls=security == "starttls",
            authenticator=authenticate,
            auth_required=security != "none",
            # aiosmtpd does not see the TLS that the connection began with.
            auth_require_tls=security == "starttls",
        )

    implicit = context if security == "tls" else None
    server = await asyncio.get_running_loop().create_server(made, "127.0.0.1", 0, ssl=implicit)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
