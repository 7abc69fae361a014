*** Settings ***
Documentation    What the shares of the crowd have left behind is merged exactly, and judged as if one program had sent it.
...
...              A share that is missing makes figures of time and rate *not measured*, never smaller.

Resource         ../../resources/high_volume.resource

Test Timeout     2 minutes

Test Tags        hvt-6    serial


*** Test Cases ***
Every Connection From Four Programs Is Served
    [Documentation]    The same steps as from one program; those of fewer connections than programs are left out.
    ${steps} =    Connection Steps Of All Shares    connections in shares    ${CONNECTION_STEPS}    shares=4
    Load Should Be Lossless And Ordered    @{steps}
    Every Connection Should Be Served    @{steps}    p95=${LATENCY_P95}

Nobody In Four Programs Is Starved
    [Documentation]    Every user sends as fast as answers come back: each gets nearly the same, whatever program it is in.
    ${load} =    Load Of All Shares    saturated in shares
    Load Should Be Lossless And Ordered    ${load}
    Load Should Be Fair    ${load}
