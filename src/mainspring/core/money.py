"""Money is a whole number of minor units and a currency, never a float (D-49)."""

from dataclasses import dataclass

MAX_AMOUNT = 2**53 - 1  # the largest whole number that JavaScript clients read exactly

WITHOUT_MINOR_UNIT = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split())  # ISO 4217
OF_A_THOUSAND = frozenset("BHD IQD JOD KWD LYD OMR TND".split())


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents) of an ISO 4217 currency."""

    amount: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.amount - other.amount, self.currency)

    def __mul__(self, quantity: int) -> "Money":
        return Money(self.amount * quantity, self.currency)

    def __str__(self) -> str:
        """The amount as people read it: `19.99 EUR`, `500 JPY`, `1.250 KWD`."""
        digits = decimals(self.currency)
        whole, rest = divmod(abs(self.amount), 10**digits)
        return f"{'-' if self.amount < 0 else ''}{whole}{f'.{rest:0{digits}}' if digits else ''} {self.currency}"

    def _same_currency(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up")


def decimals(currency: str) -> int:
    """How many decimals the currency has (ISO 4217)."""
    return 0 if currency in WITHOUT_MINOR_UNIT else 3 if currency in OF_A_THOUSAND else 2
