*** Settings ***
Documentation     A flood of messages keeps its order.
...
...               However many messages come at once, each user's arrive, are processed and are answered in the order of sending:
...               none missing, none twice, none on somebody else's connection. Order has no tolerance at any rate.

Resource          ../../resources/high_volume.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Timeout      5 minutes

Test Tags         hvt-2


*** Test Cases ***
Ten Thousand Messages On One Connection
    [Documentation]    One user sends a thousand messages a second, for ten seconds.
    ${load} =    Run Load    flood of one    rate=1000 msg/s    count=10000
    Nothing Should Be Lost Or Overtaken    ${load}

Ten Connections Of A Thousand Messages
    [Documentation]    Ten users at once, each a hundred messages a second. The same load in shares is in the next suite.
    ${load} =    Run Load    flood of ten    rate=1000 msg/s    count=10000    connections=10
    Nothing Should Be Lost Or Overtaken    ${load}

More Messages Than Sixteen Bits Can Count
    [Documentation]    As fast as they are taken, with so few under way that the queue has room for all of them.
    ${load} =    Run Load    flood without end    in_flight=256    count=66000
    Nothing Should Be Lost Or Overtaken    ${load}
    Load Should Be Answered In Full    ${load}
