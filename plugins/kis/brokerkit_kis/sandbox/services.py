"""Every call that the server knows: where it lives, its method, and its transaction ids per environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# A path, then its calls: last part of the path, POST where it is not GET, transaction ids. An id with an asterisk is
# offered by the demo too: T, J and C become V there, F and H stay. Ids with V are those that break the rule. A line
# that begins with a blank continues the one before.
_TABLE = """
/uapi/domestic-bond/v1/quotations
avg-unit CTPF2005R
inquire-asking-price FHKBJ773401C0
inquire-ccnl FHKBJ773403C0
inquire-daily-itemchartprice FHKBJ773701C0
inquire-daily-price FHKBJ773404C0
inquire-price FHKBJ773400C0
issue-info CTPF1101R
search-bond-info CTPF1114R
/uapi/domestic-bond/v1/trading
buy POST TTTC0952U
inquire-balance CTSC8407R
inquire-daily-ccld CTSC8013R
inquire-psbl-order TTTC8910R
inquire-psbl-rvsecncl CTSC8035R
order-rvsecncl POST TTTC0953U
sell POST TTTC0958U
/uapi/domestic-futureoption/v1/quotations
display-board-callput FHPIF05030100
display-board-futures FHPIF05030200
display-board-option-list FHPIO056104C0
display-board-top FHPIF05030000
exp-price-trend FHPIF05110100
inquire-asking-price FHMIF10010000*
inquire-daily-fuopchartprice FHKIF03020100*
inquire-price FHMIF10000000*
inquire-time-fuopchartprice FHKIF03020200
margin-rate TTTO6032R
/uapi/domestic-futureoption/v1/trading
inquire-balance CTFO6118R*
inquire-balance-settlement-pl CTFO6117R
inquire-balance-valuation-pl CTFO6159R
inquire-ccnl TTTO5201R*
inquire-ccnl-bstime CTFO5139R
inquire-daily-amount-fee CTFO6119R
inquire-deposit CTRP6550R
inquire-ngt-balance CTFN6118R JTCE6001R
inquire-ngt-ccnl STTN5201R JTCE5005R
inquire-psbl-ngt-order STTN5105R JTCE1004R
inquire-psbl-order TTTO5105R*
ngt-margin-detail CTFN7107R JTCE6003R
order POST TTTO1101U* STTN1101U JTCE1001U
order-rvsecncl POST TTTO1103U* STTN1103U JTCE1002U
/uapi/domestic-stock/v1/ranking
after-hour-balance FHPST01760000
bulk-trans-num FHKST190900C0
credit-balance FHKST17010000
disparity FHPST01780000
dividend-rate HHKDB13470100
exp-trans-updown FHPST01820000
finance-ratio FHPST01750000
fluctuation FHPST01700000
hts-top-view HHMCM000100C0
market-cap FHPST01740000
market-value FHPST01790000
near-new-highlow FHPST01870000
overtime-exp-trans-fluct FHKST11860000
overtime-fluctuation FHPST02340000
overtime-volume FHPST02350000
prefer-disparate-ratio FHPST01770000
profit-asset-index FHPST01730000
quote-balance FHPST01720000
short-sale FHPST04820000
top-interest-stock FHPST01800000
traded-by-company FHPST01860000
volume-power FHPST01680000
/uapi/domestic-stock/v1/quotations
capture-uplowprice FHKST130000C0
chk-holiday CTCA0903R
comp-interest FHPST07020000
comp-program-trade-daily FHPPG04600001 FHPPG04600000
comp-program-trade-today FHPPG04600101 FHPPG04600100
credit-by-company FHPST04770000
daily-credit-balance FHPST04760000
daily-loan-trans HHPST074500C0
daily-short-sale FHPST04830000
estimate-perform HHKST668300C0
exp-closing-price FHKST117300C0
exp-index-trend FHPST01840000
exp-price-trend FHPST01810000
exp-total-index FHKUP11750000
foreign-institution-total FHPTJ04400000
frgnmem-pchs-trend FHKST644400C0
frgnmem-trade-estimate FHKST644100C0
frgnmem-trade-trend FHPST04320000
inquire-asking-price-exp-ccn FHKST01010200*
inquire-ccnl FHKST01010300*
inquire-daily-indexchartprice FHKUP03500100*
inquire-daily-itemchartprice FHKST03010100*
inquire-daily-overtimeprice FHPST02320000*
inquire-daily-price FHKST01010400*
inquire-daily-trade-volume FHKST03010800
inquire-elw-price FHKEW15010000*
inquire-index-category-price FHPUP02140000
inquire-index-daily-price FHPUP02120000
inquire-index-price FHPUP02100000
inquire-index-tickprice FHPUP02110100
inquire-index-timeprice FHPUP02110200
inquire-investor FHKST01010900*
inquire-investor-daily-by-market FHPTJ04040000
inquire-investor-time-by-market FHPTJ04030000
inquire-member FHKST01010600*
inquire-member-daily FHPST04540000
inquire-overtime-asking-price FHPST02300400
inquire-overtime-price FHPST02300000
inquire-price FHKST01010100*
inquire-price-2 FHPST01010000
inquire-time-dailychartprice FHKST03010230
inquire-time-indexchartprice FHKUP03500200
inquire-time-itemchartprice FHKST03010200*
inquire-time-itemconclusion FHPST01060000*
inquire-time-overtimeconclusion FHPST02310000*
inquire-vi-status FHPST01390000
intstock-grouplist HHKCM113004C7
intstock-multprice FHKST11300006
intstock-stocklist-by-group HHKCM113004C6
invest-opbysec FHKST663400C0
invest-opinion FHKST663300C0
investor-program-trade-today HHPPG046600C1 HHPPG046600C0
investor-trade-by-stock-daily FHPTJ04160001
investor-trend-estimate HHPTJ04160200
lendable-by-company CTSC2702R
market-time HHMCM000002C0
mktfunds FHKST649100C0
news-title FHKST01011800
pbar-tratio FHPST01130000
program-trade-by-stock FHPPG04650101 FHPPG04650100
program-trade-by-stock-daily FHPPG04650201 FHPPG04650200
psearch-result HHKST03900400
psearch-title HHKST03900300
search-info CTPF1604R
search-stock-info CTPF1002R
tradprt-byamt FHKST111900C0
volume-rank FHPST01710000
/uapi/domestic-stock/v1/finance
balance-sheet FHKST66430100
financial-ratio FHKST66430300
growth-ratio FHKST66430800
income-statement FHKST66430200
other-major-ratios FHKST66430500
profit-ratio FHKST66430400
stability-ratio FHKST66430600
/uapi/domestic-stock/v1/trading
inquire-account-balance CTRP6548R
inquire-balance TTTC8434R*
inquire-balance-rlz-pl TTTC8494R
inquire-credit-psamount TTTC8909R
inquire-daily-ccld TTTC0081R* CTSC9215R* TTTC8001R* CTSC9115R*
inquire-period-profit TTTC8708R
inquire-period-trade-profit TTTC8715R
inquire-psbl-order TTTC8908R*
inquire-psbl-rvsecncl TTTC0084R TTTC8036R
inquire-psbl-sell TTTC8408R
intgr-margin TTTC0869R
order-cash POST TTTC0011U* TTTC0012U* TTTC0801U* TTTC0802U*
order-credit POST TTTC0051U TTTC0052U TTTC0851U TTTC0852U
order-resv POST CTSC0008U
order-resv-ccnl CTSC0004R
order-resv-rvsecncl POST CTSC0009U CTSC0013U
order-rvsecncl POST TTTC0013U* TTTC0803U*
period-rights CTRGA011R
/uapi/domestic-stock/v1/ksdinfo
bonus-issue HHKDB669101C0
cap-dcrs HHKDB669106C0
dividend HHKDB669102C0
forfeit HHKDB669109C0
list-info HHKDB669107C0
mand-deposit HHKDB669110C0
merger-split HHKDB669104C0
paidin-capin HHKDB669100C0
pub-offer HHKDB669108C0
purreq HHKDB669103C0
rev-split HHKDB669105C0
sharehld-meet HHKDB669111C0
/uapi/domestic-stock/v1/trading/pension
inquire-balance TTTC2208R
inquire-daily-ccld TTTC2201R TTTC2210R
inquire-deposit TTTC0506R
inquire-present-balance TTTC2202R
inquire-psbl-order TTTC0503R
/uapi/elw/v1/quotations
compare-stocks FHKEW151701C0
cond-search FHKEW15100000
expiration-stocks FHKEW154700C0
indicator-trend-ccnl FHPEW02740100
indicator-trend-daily FHPEW02740200
indicator-trend-minute FHPEW02740300
lp-trade-trend FHPEW03760000
newly-listed FHKEW154800C0
sensitivity-trend-ccnl FHPEW02830100
sensitivity-trend-daily FHPEW02830200
udrl-asset-list FHKEW154100C0
udrl-asset-price FHKEW154101C0
volatility-trend-ccnl FHPEW02840100
volatility-trend-daily FHPEW02840200
volatility-trend-minute FHPEW02840300
volatility-trend-tick FHPEW02840400
/uapi/elw/v1/ranking
indicator FHPEW02790000
quick-change FHPEW02870000
sensitivity FHPEW02850000
updown-rate FHPEW02770000
volume-rank FHPEW02780000
/uapi/etfetn/v1/quotations
inquire-asking-price FHPST02400200
inquire-component-stock-price FHKST121600C0
inquire-price FHPST02400000
nav-comparison-daily-trend FHPST02440200
nav-comparison-time-trend FHPST02440100
nav-comparison-trend FHPST02440000
/uapi/overseas-futureoption/v1/quotations
daily-ccnl HHDFC55020100
inquire-asking-price HHDFC86000000
inquire-price HHDFC55010000
inquire-time-futurechartprice HHDFC55020400
inquire-time-optchartprice HHDFO55020400
investor-unpd-trend HHDDB95030000
market-time OTFM2229R
monthly-ccnl HHDFC55020300
opt-asking-price HHDFO86000000
opt-daily-ccnl HHDFO55020100
opt-detail HHDFO55010100
opt-monthly-ccnl HHDFO55020300
opt-price HHDFO55010000
opt-tick-ccnl HHDFO55020200
opt-weekly-ccnl HHDFO55020000
search-contract-detail HHDFC55200000
search-opt-detail HHDFO55200000
stock-detail HHDFC55010100
tick-ccnl HHDFC55020200
weekly-ccnl HHDFC55020000
/uapi/overseas-futureoption/v1/trading
inquire-ccld OTFM3116R
inquire-daily-ccld OTFM3122R
inquire-daily-order OTFM3120R
inquire-deposit OTFM1411R
inquire-period-ccld OTFM3118R
inquire-period-trans OTFM3114R
inquire-psamount OTFM3304R
inquire-unpd OTFM1412R
margin-detail OTFM3115R
order POST OTFM3001U
order-rvsecncl POST OTFM3002U OTFM3003U
/uapi/overseas-stock/v1/trading
algo-ordno TTTS6058R
daytime-order POST TTTS6036U TTTS6037U
daytime-order-rvsecncl POST TTTS6038U
foreign-margin TTTC2101R
inquire-algo-ccnl TTTS6059R
inquire-balance TTTS3012R*
inquire-ccnl TTTS3035R*
inquire-nccs TTTS3018R
inquire-paymt-stdr-balance CTRP6010R
inquire-period-profit TTTS3039R
inquire-period-trans CTOS4001R
inquire-present-balance CTRP6504R*
inquire-psamount TTTS3007R*
order POST TTTT1002U* TTTT1006U TTTS0308U* TTTS0307U* TTTS0202U* TTTS1005U* TTTS1002U*
 TTTS1001U* TTTS0305U* TTTS0304U* TTTS0311U* TTTS0310U* JTTT1002U JTTT1006U VTTT1001U
order-resv POST TTTT3014U* TTTT3016U* TTTS3013U*
order-resv-ccnl POST TTTT3017U*
order-resv-list TTTT3039R TTTS3014R
order-rvsecncl POST TTTT1004U* TTTS1003U* TTTS0309U* TTTS0302U* TTTS0306U* TTTS0312U* JTTT1004U
/uapi/overseas-price/v1/quotations
brknews-title FHKST01011801
colable-by-company CTLN4050R
dailyprice HHDFS76240000*
industry-price HHDFS76370100
industry-theme HHDFS76370000
inquire-asking-price HHDFS76200100
inquire-daily-chartprice FHKST03030100*
inquire-search HHDFS76410000*
inquire-time-indexchartprice FHKST03030200
inquire-time-itemchartprice HHDFS76950200
multprice HHDFS76220000
news-title HHPSTH60100C1
period-rights CTRGT011R
price HHDFS00000300*
price-detail HHDFS76200200
inquire-ccnl HHDFS76200300
rights-by-ice HHDFS78330900
search-info CTPF1702R
/uapi/overseas-stock/v1/quotations
countries-holiday CTOS5011R
/uapi/overseas-stock/v1/ranking
market-cap HHDFS76350100
new-highlow HHDFS76300000
price-fluct HHDFS76260000
trade-growth HHDFS76330000
trade-pbmn HHDFS76320010
trade-turnover HHDFS76340000
trade-vol HHDFS76310010
updown-rate HHDFS76290000
volume-power HHDFS76280000
volume-surge HHDFS76270000
"""


@dataclass(frozen=True)
class Service:
    """One path that exists, with the ids it takes in each environment."""

    path: str
    method: str
    real: frozenset[str]
    demo: frozenset[str]

    def ids(self, demo: bool) -> frozenset[str]:
        """Return the ids that one environment takes."""
        return self.demo if demo else self.real


def demo_id(real: str) -> str:
    """Return what an id of the real environment is called in the demo."""
    return f"V{real[1:]}" if real[0] in "TJC" else real


def _read(table: str) -> Mapping[str, Service]:
    services: dict[str, Service] = {}
    base = ""
    for line in table.replace("\n ", " ").strip().split("\n"):
        name, *words = line.split()
        if words:
            services[f"{base}/{name}"] = _service(f"{base}/{name}", words)
        else:
            base = name
    return services


def _service(path: str, words: Iterable[str]) -> Service:
    ids = [word for word in words if word != "POST"]
    shared = [word.removesuffix("*") for word in ids if word.endswith("*")]
    return Service(
        path=path,
        method="POST" if "POST" in words else "GET",
        real=frozenset([*shared, *(word for word in ids if not word.startswith("V") and not word.endswith("*"))]),
        demo=frozenset([*map(demo_id, shared), *(word for word in ids if word.startswith("V"))]),
    )


SERVICES = _read(_TABLE)
"""By path. Calls of the websocket and of the login are not among them."""
QUERY_OF = {tr_id: each for each in SERVICES.values() if each.method == "GET" for tr_id in each.real | each.demo}
"""Queries by id."""
