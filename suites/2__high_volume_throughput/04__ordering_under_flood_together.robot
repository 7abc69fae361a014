*** Settings ***
Documentation    What the shares of the flood have left behind is merged exactly, and judged as if one program had sent it.
...
...              A share that is missing makes figures of time and rate *not measured*, never smaller.

Resource         ../../resources/high_volume.resource

Test Timeout     2 minutes

Test Tags        hvt-2    serial


*** Test Cases ***
Ten Connections From Four Programs
    [Documentation]    The same load as in one program, sent by four.
    ${load} =    Load Of All Shares    flood in shares
    Load Should Be Lossless And Ordered    ${load}
