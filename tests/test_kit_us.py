"""No contract is left out of the kit for the US without a reason."""

from brokerkit.testing import BrokerConformance, UsConformance
from brokerkit.testing.conformance import NOT_OF_THE_US


def test_every_contract_is_asked_of_a_part_for_the_us_or_left_out_with_a_reason() -> None:
    asked, all_of_them = set(UsConformance.__bases__), set(BrokerConformance.__bases__)
    assert asked | set(NOT_OF_THE_US) == all_of_them
    assert not asked & set(NOT_OF_THE_US)
    assert all(NOT_OF_THE_US.values())
