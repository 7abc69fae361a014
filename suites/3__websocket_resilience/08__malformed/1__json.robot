*** Settings ***
Documentation     Texts that are no JSON, JSON that is no message, JSON that is nested without end.
...
...               One row is one input of a table in resources/payloads: another one is a line there and a line here.

Resource          ../../../resources/malformed.resource

Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        The Target Must Offer    not_json    not_message    too_deep
Test Timeout      2 minutes
Test Template     The Input Is Refused And Harms Nobody

Test Tags         owasp-asvs-5.1.3


*** Test Cases ***
No JSON: Truncated
    [Tags]    wsr-8-2
    malformed_json    truncated

No JSON: No Closing Brace
    [Tags]    wsr-8-2
    malformed_json    no_closing_brace

No JSON: Trailing Junk
    [Tags]    wsr-8-2
    malformed_json    trailing_junk

No JSON: Trailing Comma
    [Tags]    wsr-8-2
    malformed_json    trailing_comma

No JSON: Bare Key
    [Tags]    wsr-8-2
    malformed_json    bare_key

No JSON: Missing Value
    [Tags]    wsr-8-2
    malformed_json    missing_value

No JSON: Undefined
    [Tags]    wsr-8-2
    malformed_json    undefined

No JSON: Open List
    [Tags]    wsr-8-2
    malformed_json    open_list

No JSON: Bare Text
    [Tags]    wsr-8-2
    malformed_json    bare_text

No JSON: Nothing
    [Tags]    wsr-8-2
    malformed_json    nothing

No JSON: Single Quotes
    [Tags]    wsr-8-2
    malformed_json    single_quotes

No JSON: Two Messages
    [Tags]    wsr-8-2
    malformed_json    two_messages

No JSON: Byte Order Mark
    [Tags]    wsr-8-2
    malformed_json    byte_order_mark

No JSON: Line Break In A Text
    [Tags]    wsr-8-2
    malformed_json    line_break_in_a_text

No JSON: Half A Surrogate
    [Tags]    wsr-8-2
    malformed_json    half_a_surrogate

No JSON: Not A Number
    [Tags]    wsr-8-2
    malformed_json    not_a_number

No JSON: Infinity
    [Tags]    wsr-8-2
    malformed_json    infinity

No JSON: Number Of Forty Digits
    [Tags]    wsr-8-2
    malformed_json    number_of_forty_digits

No JSON: Number Beyond All Bounds
    [Tags]    wsr-8-2
    malformed_json    number_beyond_all_bounds

No JSON: Leading Zero
    [Tags]    wsr-8-2
    malformed_json    leading_zero

No JSON: Text Twice
    [Tags]    wsr-8-2
    malformed_json    text_twice

No JSON: Name Twice
    [Tags]    wsr-8-2
    malformed_json    name_twice

No Message: Id Is Null
    [Tags]    wsr-8-2
    malformed_messages    id_is_null

No Message: Id Is An Object
    [Tags]    wsr-8-2
    malformed_messages    id_is_an_object

No Message: Id Is A List
    [Tags]    wsr-8-2
    malformed_messages    id_is_a_list

No Message: Id Is A Number
    [Tags]    wsr-8-2
    malformed_messages    id_is_a_number

No Message: Id Is Empty
    [Tags]    wsr-8-2
    malformed_messages    id_is_empty

No Message: Text Is Null
    [Tags]    wsr-8-2
    malformed_messages    text_is_null

No Message: Text Is An Object
    [Tags]    wsr-8-2
    malformed_messages    text_is_an_object

No Message: Text Is A Number
    [Tags]    wsr-8-2
    malformed_messages    text_is_a_number

No Message: Sequence Is A Text
    [Tags]    wsr-8-2
    malformed_messages    sequence_is_a_text

No Message: Sequence Is Negative
    [Tags]    wsr-8-2
    malformed_messages    sequence_is_negative

No Message: Sequence Is A Fraction
    [Tags]    wsr-8-2
    malformed_messages    sequence_is_a_fraction

No Message: Sequence Is True
    [Tags]    wsr-8-2
    malformed_messages    sequence_is_true

No Message: Attempt Is Zero
    [Tags]    wsr-8-2
    malformed_messages    attempt_is_zero

No Message: Time Is A Text
    [Tags]    wsr-8-2
    malformed_messages    time_is_a_text

No Message: A List
    [Tags]    wsr-8-2
    malformed_messages    a_list

No Message: A Text
    [Tags]    wsr-8-2
    malformed_messages    a_text

No Message: A Number
    [Tags]    wsr-8-2
    malformed_messages    a_number

No Message: Just Null
    [Tags]    wsr-8-2
    malformed_messages    just_null

No Message: Without A Type
    [Tags]    wsr-8-2
    malformed_messages    without_a_type

No Message: Type Is A List
    [Tags]    wsr-8-2
    malformed_messages    type_is_a_list

Nested: Ten
    [Tags]    wsr-8-3
    [Template]    The Input Is Taken
    malformed_nesting    ten

Nested: Fifty
    [Tags]    wsr-8-3
    [Template]    The Input Is Taken
    malformed_nesting    fifty

Nested: Hundred
    [Tags]    wsr-8-3
    [Template]    The Input Is Taken
    malformed_nesting    hundred

Nested: Hundred And One
    [Tags]    wsr-8-3
    malformed_nesting    hundred_and_one

Nested: Five Hundred
    [Tags]    wsr-8-3
    malformed_nesting    five_hundred

Nested: Thousand
    [Tags]    wsr-8-3
    malformed_nesting    thousand

Nested: Hundred Thousand
    [Tags]    wsr-8-3
    malformed_nesting    hundred_thousand

Nested: Hundred Thousand Objects
    [Tags]    wsr-8-3
    malformed_nesting    hundred_thousand_objects

Nested: Hundred Thousand Never Closed
    [Tags]    wsr-8-3
    malformed_nesting    hundred_thousand_never_closed
