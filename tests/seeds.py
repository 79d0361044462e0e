"""What two lists of KIS and one of Kiwoom call their APIs: those were asked for first."""

from __future__ import annotations

from collections.abc import Iterator

_KIS = """
auth/auth_ws_token 1 웹소켓접속키발급
auth/auth_token 2 접근토큰발급
auth/revokep 2 접근토큰폐기
auth/hashkey 2 Hashkey
domestic_stock/order_cash 2 주식주문(현금)
domestic_stock/order_credit 2 주식주문(신용)
domestic_stock/order_rvsecncl 2 주식주문(정정취소)
domestic_stock/inquire_psbl_rvsecncl 2 주식정정취소가능주문조회
domestic_stock/inquire_daily_ccld 2 주식일별주문체결조회
domestic_stock/inquire_balance 2 주식잔고조회
domestic_stock/inquire_psbl_order 2 매수가능조회
domestic_stock/order_resv 1 주식예약주문
domestic_stock/order_resv_rvsecncl 1 주식예약주문정정취소
domestic_stock/order_resv_ccnl 1 주식예약주문조회
domestic_stock/inquire_balance_rlz_pl 1 주식잔고조회_실현손익
domestic_stock/inquire_credit_psamount 1 신용매수가능조회
domestic_stock/inquire_account_balance 1 투자계좌자산현황조회
domestic_stock/inquire_price 2 주식현재가 시세
domestic_stock/inquire_ccnl 2 주식현재가 체결
domestic_stock/inquire_daily_price 2 주식현재가 일자별
domestic_stock/inquire_asking_price_exp_ccn 2 주식현재가 호가 예상체결
domestic_stock/inquire_investor 2 주식현재가 투자자
domestic_stock/inquire_member 2 주식현재가 회원사
domestic_stock/inquire_elw_price 2 ELW현재가 시세
domestic_stock/inquire_daily_itemchartprice 1 국내주식기간별시세(일/주/월/년)
domestic_stock/inquire_daily_indexchartprice 1 국내주식업종기간별시세(일/주/월/년)
domestic_stock/inquire_time_itemconclusion 1 주식현재가 당일시간대별체결
domestic_stock/inquire_time_overtimeconclusion 1 주식현재가 시간외시간별체결
domestic_stock/inquire_daily_overtimeprice 1 주식현재가 시간외일자별주가
domestic_stock/inquire_time_itemchartprice 1 주식당일분봉조회
domestic_stock/search_info 1 상품기본조회
domestic_stock/chk_holiday 1 국내휴장일조회
domestic_stock/foreign_institution_total 1 국내기관_외국인 매매종목가집계
domestic_stock/psearch_title 1 종목조건검색 목록조회
domestic_stock/psearch_result 1 종목조건검색조회
domestic_stock/program_trade_by_stock 1 종목별 프로그램매매추이(체결)
domestic_stock/volume_rank 1 거래량순위
domestic_stock/investor_trend_estimate 1 종목별 외인기관 추정가집계
domestic_stock/inquire_time_indexchartprice 1 업종분봉조회
domestic_futureoption/order 2 선물옵션 주문
domestic_futureoption/order_rvsecncl 2 선물옵션 정정취소주문
domestic_futureoption/inquire_ccnl 2 선물옵션 주문체결내역조회
domestic_futureoption/inquire_balance 2 선물옵션 잔고현황
domestic_futureoption/inquire_psbl_order 2 선물옵션 주문가능
domestic_futureoption/inquire_ngt_ccnl 1 (야간)선물옵션 주문체결내역조회
domestic_futureoption/inquire_ngt_balance 1 (야간)선물옵션 잔고현황
domestic_futureoption/inquire_psbl_ngt_order 1 (야간)선물옵션 주문가능
domestic_futureoption/inquire_balance_settlement_pl 1 선물옵션 잔고정산손익내역
domestic_futureoption/inquire_deposit 1 선물옵션 총자산현황
domestic_futureoption/inquire_balance_valuation_pl 1 선물옵션 잔고평가손익내역
domestic_futureoption/inquire_ccnl_bstime 1 선물옵션 기준일체결내역
domestic_futureoption/inquire_daily_amount_fee 1 선물옵션기간약정수수료일별
domestic_futureoption/inquire_price 2 선물옵션 시세
domestic_futureoption/inquire_asking_price 2 선물옵션 시세호가
domestic_futureoption/inquire_daily_fuopchartprice 1 선물옵션기간별시세(일/주/월/년)
domestic_futureoption/inquire_time_fuopchartprice 1 선물옵션 분봉조회
overseas_stock/order 2 해외주식 주문
overseas_stock/order_rvsecncl 2 해외주식 정정취소주문
overseas_stock/order_resv 2 해외주식 예약주문접수
overseas_stock/order_resv_ccnl 2 해외주식 예약주문접수취소
overseas_stock/inquire_nccs 2 해외주식 미체결내역
overseas_stock/inquire_balance 2 해외주식 잔고
overseas_stock/inquire_ccnl 2 해외주식 주문체결내역
overseas_stock/inquire_present_balance 2 해외주식 체결기준현재잔고
overseas_stock/order_resv_list 1 해외주식 예약주문조회
overseas_stock/inquire_psamount 1 해외주식 매수가능금액조회
overseas_stock/daytime_order 1 해외주식 미국주간주문
overseas_stock/daytime_order_rvsecncl 1 해외주식 미국주간정정취소
overseas_stock/inquire_period_profit 1 해외주식 기간손익
overseas_stock/price 2 해외주식 현재체결가
overseas_stock/dailyprice 2 해외주식 기간별시세
overseas_stock/inquire_daily_chartprice 1 해외주식 종목/지수/환율기간별시세(일/주/월/년)
overseas_stock/inquire_search 1 해외주식 조건검색
overseas_stock/countries_holiday 1 해외결제일자조회
overseas_stock/price_detail 1 해외주식 현재가상세
overseas_stock/inquire_time_itemchartprice 1 해외주식분봉조회
overseas_stock/inquire_time_indexchartprice 1 해외지수분봉조회
overseas_futureoption/order 1 해외선물옵션 주문
overseas_futureoption/order_rvsecncl 1 해외선물옵션 정정취소주문
overseas_futureoption/inquire_ccld 1 해외선물옵션 당일주문내역조회
overseas_futureoption/inquire_unpd 1 해외선물옵션 미결제내역조회(잔고)
overseas_futureoption/inquire_psamount 1 해외선물옵션 주문가능조회
overseas_futureoption/inquire_period_ccld 1 해외선물옵션 기간계좌손익 일별
overseas_futureoption/inquire_daily_ccld 1 해외선물옵션 일별 체결내역
overseas_futureoption/inquire_deposit 1 해외선물옵션 예수금현황
overseas_futureoption/inquire_daily_order 1 해외선물옵션 일별 주문내역
overseas_futureoption/inquire_period_trans 1 해외선물옵션 기간계좌거래내역
overseas_futureoption/stock_detail 1 해외선물종목상세
overseas_futureoption/inquire_price 1 해외선물종목현재가
domestic_stock/ccnl_krx 1 주식현재가 실시간주식체결가
domestic_stock/asking_price_krx 1 주식현재가 실시간주식호가
domestic_stock/ccnl_notice 1 주식현재가 실시간주식체결통보
"""
_KIWOOM = """
au10001 1 접근토큰 발급
ka10001 1 주식기본정보요청
ka10058 1 투자자별일별매매종목요청
ka10059 1 종목별투자자기관별요청
ka10061 1 종목별투자자기관별합계요청
ka10099 1 종목정보 리스트
ka10100 1 종목정보 조회
ka10101 1 업종코드 리스트
ka90003 1 프로그램순매수상위50요청
ka90004 1 종목별프로그램매매현황요청
"""


def seeds(broker: str) -> Iterator[tuple[str, int, str]]:
    """Yield each API with how many lists have it, and its label in them."""
    for line in (_KIS if broker == "kis" else _KIWOOM).strip().split("\n"):
        name, count, label = line.split(" ", 2)
        yield name, int(count), label
