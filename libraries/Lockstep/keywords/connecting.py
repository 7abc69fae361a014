"""Keywords that open and close connections."""

from __future__ import annotations

from robot.api.types import Secret

from ..arguments import Count, Duration
from ..checks import Code
from ..connecting_arguments import MaybeLocalAddress
from ..engine.handshake import Refused
from ..errors import EnvironmentSetupError, UsageError
from .decorator import keyword
from .expectation import violated
from .kit import Kit
from .limits import clients_within

TRIES = Count(3)
PAUSE = Duration(1)


class ConnectingKeywords:
    """Clients by alias; what a test opened is closed when it ends."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._tries, self._pause = TRIES, PAUSE

    @keyword(tags=("Connecting",))
    def set_connect_policy(self, tries: Count, pause: Duration) -> None:
        """Says how often and how far apart connecting is tried from now on; at first 3 tries, 1 s apart.

        | =Argument= | =Meaning=                              |
        | tries      | 1 or more                              |
        | pause      | time between two tries, such as ``1 s`` |

        A target that answers *no* (HTTP 4xx) is not asked again. Each try is in the journal.

        | `Set Connect Policy` | tries=1 | pause=0 |
        """
        self._tries, self._pause = tries, pause

    @keyword(tags=("Connecting",))
    def connect_as(
        self, role: str, client: str | None = None, token: Secret | None = None, *, resumable: bool = False,
        source: MaybeLocalAddress = None, headers: dict[str, str] | None = None, compressed: bool = False,
    ) -> str:
        """Opens a connection for a user and waits until the target says it is ready.

        | =Argument= | =Meaning=                                                                                   |
        | role       | the user's name in this test, such as ``alice``; every test gets a fresh account for it      |
        | client     | alias of this client; none: the role's name. Needed when one user has two clients at once    |
        | token      | a token of your own as a Robot ``Secret``; none: the target file says where it comes from    |
        | resumable  | ``yes``: it tells the target that it wants to be able to come back to its session (`Reconnect`) |
        | source     | the local address that it connects from, such as ``127.0.0.2``; none: the system chooses     |
        | headers    | a dictionary of HTTP headers of its own, such as ``User-Agent``; over those of the target file  |
        | compressed | ``yes``: what it sends is compressed (permessage-deflate)                                    |

        Returns the alias. The client is closed when the test (or the suite, if opened in its setup) ends. Fails if the
        target refuses, answers garbage or does not answer, and if the alias is connected already.

        | `Connect As` | alice |
        | `Connect As` | alice | client=phone |
        """
        kit, alias = self._kit, client or role
        if alias in {"everyone", "anybody"}:
            raise UsageError(f"'{alias}' means all clients and cannot be the alias of one; choose another name")
        existing = kit.engine.clients.get(alias)
        if existing is not None and existing.connection is not None and existing.connection.is_open:
            raise UsageError(f"a client called '{alias}' is connected already; give the second one a name of its own with client=..., or use 'Disconnect' first")
        target, account = kit.target, kit.account(role)
        if resumable:
            kit.must_offer("resume")
        if compressed:
            kit.must_offer("compression")
        try:
            kit.engine.run(kit.engine.connect(
                alias, account, target, tries=self._tries, pause=self._pause, token=token, resumable=resumable, source=source,
                headers=headers, compressed=compressed,
            ))
        except Refused as refusal:
            raise EnvironmentSetupError(f"{alias} could not connect to {target.title}: {refusal}{target.obituary()}") from None
        return alias

    @keyword(tags=("Connecting",))
    def connect_users(self, count: Count, prefix: str = "user", *, resumable: bool = False) -> list[str]:
        """Connects several users, each with an account of its own.

        | =Argument= | =Meaning=                                              |
        | count      | how many, 1 or more                                    |
        | prefix     | they are called ``user-1``, ``user-2`` and so on       |
        | resumable  | ``yes``: they want to be able to come back to their sessions |

        Returns the list of aliases. ``client=everyone`` means all of them in other keywords. A target that takes fewer clients
        (``limits`` in its file) gets fewer, and the test ends as *not measured* unless a promise was broken.

        | `Connect Users` | 10 |
        """
        return [self.connect_as(f"{prefix}-{number}", resumable=resumable) for number in range(1, clients_within(self._kit, count) + 1)]

    @keyword(tags=("Connecting",))
    def disconnect(self, client: str | None = None) -> None:
        """Closes a connection in the orderly way and waits until it is closed; what was received stays in the journal.

        | =Argument= | =Meaning=                           |
        | client     | alias; none: the only open client   |

        The alias stays known, so that expectations about this client still work; `Connect As` opens it again.

        | `Disconnect` | client=phone |
        """
        self._kit.engine.run(self._kit.client(client).disconnect())

    @keyword(tags=("Connecting",))
    def reconnect_again_and_again(self, times: Count, client: str | None = None) -> None:
        """Closes a connection in the orderly way and opens a new one for the same user, so many times, one after the other.

        | =Argument= | =Meaning=                         |
        | times      | 1 or more                         |
        | client     | alias; none: the only open client |

        Fails if the target refuses or does not answer.

        | `Reconnect Again And Again` | 200 |
        """
        one = self._kit.client(client)
        for _ in range(times):
            self.disconnect(one.alias)
            self.connect_as(one.account.role, one.alias)

    @keyword(tags=("Connecting", "Activity"))
    def stop_reading(self, client: str | None = None) -> None:
        """Lets a client leave unread whatever the target sends, as a program does that hangs, until `Start Reading`.

        | =Argument= | =Meaning=                         |
        | client     | alias; none: the only open client |

        The target's writes to this client fill up; sending goes on. Expectations about this client need `Start Reading` first.

        | `Stop Reading` | bob |
        """
        self._kit.engine.run(self._kit.client(client).read_on(reads=False))

    @keyword(tags=("Connecting", "Activity"))
    def start_reading(self, client: str | None = None) -> None:
        """Lets a client read again after `Stop Reading`; what had piled up arrives now.

        | =Argument= | =Meaning=                         |
        | client     | alias; none: the only open client |

        | `Start Reading` | bob |
        """
        self._kit.engine.run(self._kit.client(client).read_on(reads=True))

    @keyword(tags=("Connecting", "Expectation"))
    def connection_should_be_open(self, client: str | None = None) -> None:
        """Fails if the connection of a client was closed, saying by whom and how.

        | =Argument= | =Meaning=                         |
        | client     | alias; none: the only open client; ``everyone`` |

        | `Connection Should Be Open` |
        """
        for one in self._kit.clients(client):
            if one.connection is None or not one.connection.is_open:
                how = one.connection.how_closed() if one.connection else "never opened"
                violated(self._kit, "connection stays open", Code.WRONG_CLOSE, f"the connection of {one.alias} should be open, but it was {how}")
