"""The words of the common language: where, which way, how and how long an order trades, and what became of it."""

from __future__ import annotations

from enum import StrEnum


class Venue(StrEnum):
    """Where an order goes or a quote comes from."""

    __hash__ = str.__hash__  # an enum's own is written in Python, and events are sorted by this

    KRX = "KRX"
    """Korea Exchange (한국거래소)."""
    NXT = "NXT"
    """Nextrade (넥스트레이드)."""
    SOR = "SOR"
    """Smart order routing; in queries the combined market (통합)."""
    US = "US"
    """The exchanges of the US, of which the broker takes the one where the symbol is listed (미국 거래소)."""
    DAYTIME = "DAYTIME"
    """The market of Korean brokers in US shares while it is day in Korea (미국 주간거래)."""


class Side(StrEnum):
    """Which way an order trades."""

    BUY = "BUY"
    """매수."""
    SELL = "SELL"
    """매도."""


class OrderType(StrEnum):
    """How the price of an order is made. Which venue takes which type is told by `Unsupported`."""

    LIMIT = "LIMIT"
    """지정가."""
    MARKET = "MARKET"
    """시장가."""
    LIMIT_TO_MARKET_ON_CLOSE = "LIMIT_TO_MARKET_ON_CLOSE"
    """조건부지정가."""
    BEST_OPPOSITE = "BEST_OPPOSITE"
    """최유리지정가: at the best price of the other side."""
    BEST_SAME_SIDE = "BEST_SAME_SIDE"
    """최우선지정가: at the best price of the own side."""
    MIDPOINT = "MIDPOINT"
    """중간가."""
    STOP_LIMIT = "STOP_LIMIT"
    """스톱지정가: a limit order that begins when the price reaches `stop_price`."""
    STOP = "STOP"
    """스톱시장가: a market order that begins when the price reaches `stop_price`."""
    MARKET_ON_OPEN = "MARKET_ON_OPEN"
    """MOO, 장개시시장가: at the opening price of the day, whatever it is."""
    LIMIT_ON_OPEN = "LIMIT_ON_OPEN"
    """LOO, 장개시지정가: at the opening price, if that is no worse than `price`."""
    MARKET_ON_CLOSE = "MARKET_ON_CLOSE"
    """MOC, 장마감시장가: at the closing price of the day, whatever it is."""
    LIMIT_ON_CLOSE = "LIMIT_ON_CLOSE"
    """LOC, 장마감지정가: at the closing price, if that is no worse than `price`."""
    TWAP = "TWAP"
    """시간분할 시장가: the broker trades it in equal parts over the regular session, at any price."""
    TWAP_LIMIT = "TWAP_LIMIT"
    """시간분할 지정가: the same, at no worse a price than `price`."""
    VWAP = "VWAP"
    """거래량분할 시장가: the broker trades it along with the volume of the regular session, at any price."""
    VWAP_LIMIT = "VWAP_LIMIT"
    """거래량분할 지정가: the same, at no worse a price than `price`."""
    PRE_OPEN_CLOSING_PRICE = "PRE_OPEN_CLOSING_PRICE"
    """장전 시간외종가."""
    AFTER_CLOSE_CLOSING_PRICE = "AFTER_CLOSE_CLOSING_PRICE"
    """장후 시간외종가."""
    SINGLE_PRICE = "SINGLE_PRICE"
    """시간외단일가; history only, abolished on 2026-09-14."""


class TimeInForce(StrEnum):
    """How long an order lives. No exchange order outlives its day."""

    DAY = "DAY"
    """당일: until it is filled, cancelled, or its day ends."""
    IOC = "IOC"
    """Fill what can be filled at once, cancel the rest."""
    FOK = "FOK"
    """Fill all at once or nothing."""
    GOOD_TILL_PRE_MARKET = "GOOD_TILL_PRE_MARKET"
    """Dies with the pre-market of NXT."""


class OrderStatus(StrEnum):
    """State of an order, judged against the quantity asked for."""

    PENDING = "PENDING"
    """Accepted by the broker, nothing more known yet."""
    WORKING = "WORKING"
    """미체결: it waits, and nothing of it is filled."""
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    """일부체결: a part is filled, the rest waits."""
    FILLED = "FILLED"
    """전량체결."""
    CANCELED = "CANCELED"
    """취소: what was left is taken back; a part may be filled."""
    REJECTED = "REJECTED"
    """거부: the broker or the exchange refused it."""
    EXPIRED = "EXPIRED"
    """소멸: its day or session ended; a part may be filled."""
    UNKNOWN = "UNKNOWN"
    """The broker's lists do not tell; never a guess."""


class ReservationStatus(StrEnum):
    """State of a reserved order."""

    PENDING = "PENDING"
    """Accepted by the broker, nothing more known yet: the list of reserved orders tells."""
    RESERVED = "RESERVED"
    """접수, 미처리: it waits at the broker."""
    ORDERED = "ORDERED"
    """It became an order, whose own state `orders` and `order_history` tell."""
    CANCELED = "CANCELED"
    """취소: it was taken back before it became an order."""
    REJECTED = "REJECTED"
    """The broker did not make an order of it."""
    UNKNOWN = "UNKNOWN"
    """The broker's list does not tell, or not in words that are known; never a guess."""


class PositionKind(StrEnum):
    """Whose shares a position is made of."""

    CASH = "CASH"
    """현금: bought with one's own money. Only these can be sold by `sell`."""
    MARGIN_LOAN = "MARGIN_LOAN"
    """융자, 대출: held on a loan of the broker, which a sale has to pay back."""
    SHORT = "SHORT"
    """대주: borrowed and sold. They are owed, not held."""


class TransactionKind(StrEnum):
    """What moved the cash of an account."""

    DEPOSIT = "DEPOSIT"
    """입금."""
    WITHDRAWAL = "WITHDRAWAL"
    """출금."""
    PURCHASE = "PURCHASE"
    """매수: what was bought is paid."""
    SALE = "SALE"
    """매도: what was sold is paid out."""
    OTHER = "OTHER"
    """Interest, dividends, fees, and what is not understood."""


class SecurityType(StrEnum):
    """What a symbol is."""

    STOCK = "STOCK"
    """주식: shares of every sort, preferred and foreign ones and depositary receipts too."""
    REIT = "REIT"
    """리츠, 부동산투자회사."""
    INVESTMENT_COMPANY = "INVESTMENT_COMPANY"
    """뮤추얼펀드, 선박투자회사, 인프라투융자회사, 수익증권: listed companies and trusts that only invest."""
    ETF = "ETF"
    """상장지수펀드."""
    ETN = "ETN"
    """상장지수증권."""
    ELW = "ELW"
    """주식워런트증권."""
    SUBSCRIPTION_RIGHT = "SUBSCRIPTION_RIGHT"
    """신주인수권증서, 신주인수권증권."""


class Segment(StrEnum):
    """Where an instrument is listed."""

    KOSPI = "KOSPI"
    """유가증권시장, with ETF, ETN and ELW."""
    KOSDAQ = "KOSDAQ"
    """코스닥."""
    KONEX = "KONEX"
    """코넥스."""
    NASDAQ = "NASDAQ"
    """나스닥."""
    NYSE = "NYSE"
    """뉴욕증권거래소."""
    AMEX = "AMEX"
    """NYSE American and NYSE Arca (아멕스), which Korean brokers count as one."""


class MarketAlert(StrEnum):
    """How the exchange warns of a symbol (시장경보)."""

    NONE = "NONE"
    """지정 없음."""
    ATTENTION = "ATTENTION"
    """투자주의."""
    WARNING = "WARNING"
    """투자경고."""
    RISK = "RISK"
    """투자위험."""


class Interval(StrEnum):
    """How long a candle is."""

    TICK = "tick"
    """One trade (틱)."""
    MINUTE = "1m"
    """1분봉."""
    MINUTES_3 = "3m"
    """3분봉."""
    MINUTES_5 = "5m"
    """5분봉."""
    MINUTES_10 = "10m"
    """10분봉."""
    MINUTES_15 = "15m"
    """15분봉."""
    MINUTES_30 = "30m"
    """30분봉."""
    HOUR = "60m"
    """60분봉."""
    DAY = "1d"
    """일봉."""
    WEEK = "1w"
    """주봉."""
    MONTH = "1mo"
    """월봉."""
    YEAR = "1y"
    """년봉."""


class RankingKind(StrEnum):
    """By what symbols are ranked, the largest first."""

    VOLUME = "VOLUME"
    """거래량: shares traded."""
    TURNOVER = "TURNOVER"
    """거래대금: value traded."""
    GAINERS = "GAINERS"
    """등락률 상위: what rose, by the change in percent. What is unchanged is none of them."""
    LOSERS = "LOSERS"
    """등락률 하위: what fell, by the change in percent."""
    MARKET_VALUE = "MARKET_VALUE"
    """시가총액: all listed shares at the present price."""
    FOREIGN_NET_BUYING = "FOREIGN_NET_BUYING"
    """외국인 순매수: bought less sold by foreigners today, in won, as the broker estimates it."""
    INSTITUTION_NET_BUYING = "INSTITUTION_NET_BUYING"
    """기관 순매수: the same by institutions."""


class Investor(StrEnum):
    """A kind of investor; in small letters it is a field of the flows."""

    INDIVIDUAL = "INDIVIDUAL"
    """개인."""
    FOREIGN = "FOREIGN"
    """외국인: registered and other foreigners together."""
    INSTITUTION = "INSTITUTION"
    """기관계: the eight kinds below together."""
    FINANCIAL_INVESTMENT = "FINANCIAL_INVESTMENT"
    """금융투자: securities firms."""
    INSURANCE = "INSURANCE"
    """보험."""
    INVESTMENT_TRUST = "INVESTMENT_TRUST"
    """투신: public funds."""
    BANK = "BANK"
    """은행."""
    OTHER_FINANCE = "OTHER_FINANCE"
    """기타금융, 종금."""
    PENSION = "PENSION"
    """연기금 등."""
    PRIVATE_FUND = "PRIVATE_FUND"
    """사모펀드."""
    GOVERNMENT = "GOVERNMENT"
    """국가·지자체."""
    OTHER_CORPORATION = "OTHER_CORPORATION"
    """기타법인."""
    RESIDENT_FOREIGN = "RESIDENT_FOREIGN"
    """내외국인 (기타외국인): part of FOREIGN."""
    OTHER_ORGANIZATION = "OTHER_ORGANIZATION"
    """기타단체."""
