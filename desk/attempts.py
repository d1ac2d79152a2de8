"""Guesses at passwords and codes: how many, and by whom, without keeping anybody else out.

What is counted is wrong tries of an account from one network address. Somebody who guesses from there waits; the account's
owner, elsewhere, does not. Guesses from everywhere at one account, and from one address at whatever account, are bounded
too, and so that these do not lock the owner out,
a device from which the account was signed in to before is held to its own guesses alone, and so is whoever brings what
nobody guesses: a code of the second factor, or a one-time password. A name that nobody has is counted, and refused, like
any other.
"""

import secrets
from dataclasses import dataclass

from accounts.limits import CODES_ANYWHERE, GUESSES, GUESSES_ANYWHERE, GUESSES_FROM, Asked, Limits, place
from accounts.vault import Vault
from desk.errors import TooManyGuessesError
from store.units import DAY

DEVICE_DAYS = 180
DEVICES = 5  # that one browser's cookie remembers: those of so many accounts


@dataclass(frozen=True, slots=True)
class Caller:
    """Who tries: the network address, and the cookie of devices."""

    address: str = ""
    devices: str = ""


NOWHERE = Caller()


@dataclass(frozen=True, slots=True)
class Guess:
    """A try at an account's password or code, before it is known whether it is right."""

    known: bool
    limits: Limits
    asked: tuple[Asked, ...]
    # Together with others', at this account from anywhere and at any from here; nothing where the device is known.
    anywhere: tuple[Asked, ...] = ()
    codes: tuple[Asked, ...] = ()  # of these the wrong codes that came with the right password

    def check(self) -> None:
        """Raises `TooManyGuessesError`."""
        if (seconds := self.limits.wait(*self.asked)) > 0:
            raise TooManyGuessesError(seconds)

    def check_anywhere(self) -> None:
        """The same, of guesses of others, which are no matter for who brings what nobody guesses. Where they are too
        many this was a wrong one."""
        if (seconds := self.limits.wait(*self.anywhere)) > 0:
            self.was_wrong()
            raise TooManyGuessesError(seconds)

    def may_be_code(self, *, is_good: bool) -> bool:
        """Whether a code that came with the right password is good, and nobody can be guessing codes."""
        if not is_good:
            self.limits.take(*self.codes)
        return is_good and self.limits.wait(*self.codes) == 0

    def was_wrong(self) -> None:
        self.limits.take(*self.asked)
        self.limits.take(*self.anywhere)


class Attempts:
    """Times are in ms."""

    def __init__(self, limits: Limits, vault: Vault) -> None:
        self._limits = limits
        self._vault = vault

    def guess(self, name: str, password: str, caller: Caller, now: int) -> Guess:
        """A try at an account with this `password` (what is kept of it): with another one, counting begins anew."""
        account = self._vault.digest("guesses", f"{name}\n{password}")
        device = self._device(name, caller.devices, now)
        if device:
            return Guess(True, self._limits, ((GUESSES, f"{account} {device}"),))
        here = (GUESSES, f"{account} {place(caller.address)[0]}")
        others = ((GUESSES_ANYWHERE, account), *self._limits.from_(GUESSES_FROM, caller.address))
        return Guess(False, self._limits, (here,), others, ((CODES_ANYWHERE, account),))

    def remembered(self, name: str, devices: str, now: int) -> str:
        """The cookie of devices, once this account has been signed in to from there."""
        number = secrets.token_hex(8)
        others = [each for each in devices.split("~") if each and not self._is_of(each, name, now)]
        return "~".join([f"{now}.{number}.{self._signed(name, now, number)}", *others[: DEVICES - 1]])

    def _device(self, name: str, devices: str, now: int) -> str:
        """The number of the device, where it is known for this account."""
        found = [each for each in devices.split("~")[:DEVICES] if self._is_of(each, name, now)]
        return found[0].split(".")[1] if found else ""

    def _is_of(self, device: str, name: str, now: int) -> bool:
        since, _, rest = device.partition(".")
        number, _, signature = rest.partition(".")
        if not (since.isascii() and since.isdigit() and len(since) < 16):
            return False
        signed = self._signed(name, int(since), number)
        return secrets.compare_digest(signed.encode(), signature.encode()) and now - int(since) < DEVICE_DAYS * DAY

    def _signed(self, name: str, since: int, number: str) -> str:
        return self._vault.digest("device", f"{name}\n{since}\n{number}")
