"""Which API of Kiwoom's catalogue lives on which path, and what the demo host has not got. Ids and paths only."""

from __future__ import annotations

ISSUE_PATH = "/oauth2/token"
REVOKE_PATH = "/oauth2/revoke"
SOCKET_PATH = "/api/dostk/websocket"
US_SOCKET_PATH = "/api/us/websocket"
"""Of the WebSockets for Korea and for the US."""

_IDS = {
    "/api/dostk/acnt": """
        ka00001 ka01690 ka10072 ka10073 ka10074 ka10075 ka10076 ka10077 ka10085 ka10088 ka10170 kt00001
        kt00002 kt00003 kt00004 kt00005 kt00007 kt00008 kt00009 kt00010 kt00011 kt00012 kt00013 kt00015
        kt00016 kt00017 kt00018 kt50020 kt50021 kt50030 kt50031 kt50032 kt50075
    """,
    "/api/dostk/chart": """
        ka10060 ka10064 ka10079 ka10080 ka10081 ka10082 ka10083 ka10094 ka20004 ka20005 ka20006 ka20007
        ka20008 ka20019 ka50079 ka50080 ka50081 ka50082 ka50083 ka50091 ka50092
    """,
    "/api/dostk/crdordr": """
        kt10006 kt10007 kt10008 kt10009
    """,
    "/api/dostk/elw": """
        ka10048 ka10050 ka30001 ka30002 ka30003 ka30004 ka30005 ka30009 ka30010 ka30011 ka30012
    """,
    "/api/dostk/etf": """
        ka40001 ka40002 ka40003 ka40004 ka40006 ka40007 ka40008 ka40009 ka40010
    """,
    "/api/dostk/frgnistt": """
        ka10008 ka10131 ka52301
    """,
    "/api/dostk/mrkcond": """
        ka10004 ka10005 ka10006 ka10007 ka10011 ka10044 ka10045 ka10046 ka10047 ka10063 ka10066 ka10078
        ka10086 ka10087 ka50010 ka50012 ka50087 ka50100 ka50101 ka90005 ka90006 ka90007 ka90008 ka90010
        ka90013
    """,
    "/api/dostk/ordr": """
        kt10000 kt10001 kt10002 kt10003 kt50000 kt50001 kt50002 kt50003
    """,
    "/api/dostk/rkinfo": """
        ka10020 ka10021 ka10022 ka10023 ka10027 ka10029 ka10030 ka10031 ka10032 ka10033 ka10034 ka10035
        ka10036 ka10037 ka10038 ka10039 ka10040 ka10042 ka10053 ka10062 ka10065 ka10098 ka90009
    """,
    "/api/dostk/sect": """
        ka10010 ka10051 ka20001 ka20002 ka20003 ka20009
    """,
    "/api/dostk/shsa": """
        ka10014
    """,
    "/api/dostk/slb": """
        ka10068 ka10069 ka20068 ka90012
    """,
    "/api/dostk/stkinfo": """
        ka00198 ka10001 ka10002 ka10003 ka10013 ka10015 ka10016 ka10017 ka10018 ka10019 ka10024 ka10025
        ka10026 ka10028 ka10043 ka10052 ka10054 ka10055 ka10058 ka10059 ka10061 ka10084 ka10095 ka10099
        ka10100 ka10101 ka10102 ka90003 ka90004 kt20016 kt20017
    """,
    "/api/dostk/thme": """
        ka90001 ka90002
    """,
    "/api/dostk/watchlist": """
        ka01300 ka01301
    """,
    "/api/us/acnt": """
        usa21670 usa21680 usa21690 usa21730 usa21731 usa21732 ust21050 ust21070 ust21100 ust21110 ust21111
        ust21120 ust21121 ust21131 ust21132 ust21150 ust21160 ust21170 ust21180 ust21510 ust21530 ust21610
        ust21620 ust21630 ust21640 ust21650 ust21660 ust21661
    """,
    "/api/us/chart": """
        usa06010 usa06011 usa06012 usa06013 usa06014 usa06015 usa06016
    """,
    "/api/us/exchange": """
        ust31300 ust31301 ust31302
    """,
    "/api/us/invtinfo": """
        usa24300
    """,
    "/api/us/mrkcond": """
        usa20100 usa20101 usa20150 usa20151 usa20590
    """,
    "/api/us/ordr": """
        ust20000 ust20001 ust20002 ust20003 ust31490
    """,
    "/api/us/rkinfo": """
        usa01980 usa01990 usa20510 usa20511 usa20512 usa20530 usa20531 usa20540 usa20541 usa20550 usa20551
        usa20880 usa20881 usa20910 usa20911 usa20920 usa20921 usa20922 usa20940 usa20941 usa20960 usa20961
        usa24110 usa24111 usa24120 usa24121 usa24150 usa24151 usa24160 usa24161 usa24162 usa24200 usa24201
        usa24290 usa24291
    """,
    "/api/us/sect": """
        usa23000 usa23100
    """,
    "/api/us/stkinfo": """
        usa10098 usa10099 usa10100 usa10101 usa10102 usa10104 usa10105 usa20520 usa20521 usa20570 usa20571
        usa20930 usa20931 usa20932 usa20970 usa20971 usa20972 usa23400 usa23401 usa23402 usa24100 usa24101
        usa24140 usa24141 usa24210 usa24211 usa24220 usa24221 usa26410 usa26411 usa26412 usa26413 usa26414
    """,
    "/api/us/watchlist": """
        usa20200 usa20201
    """,
}

PATH_OF = {api_id: path for path, ids in _IDS.items() for api_id in ids.split()}
"""REST APIs by id, without the two of the token."""
PATHS = frozenset(_IDS) | {ISSUE_PATH, REVOKE_PATH}

DEMO_WITHOUT_API = frozenset({"ka01690"})
"""Answered 8104 by the demo host."""
DEMO_WITHOUT_BUSINESS = frozenset(
    {
        *("kt00002", "kt00005", "kt00012", "kt00015", "kt00016", "kt00017"),
        *("kt20016", "kt20017", "kt50020", "kt50021", "kt50032"),
        "ust31490",
    }
)
"""Answered RC9000 by the demo host."""
