"""Korean time. Korea has no daylight saving, so a fixed offset needs no time zone database."""

from datetime import date, datetime, timedelta, timezone

KST = timezone(timedelta(hours=9), "KST")


def now() -> datetime:
    """Return the present moment in Korean time."""
    return datetime.now(KST)


def today() -> date:
    """Return today's date in Korea."""
    return now().date()
