{# Numbers from text, and rounding: the same value on every engine. #}

{# A number of digits, at most one point and one exponent: no NaN, no infinity, nothing trimmed. #}
{% macro safe_cast_number(text) -%}
(case when {{ matches(text, '[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?') }} then {{ finite(number_of_text(text)) }} end)
{%- endmacro %}

{# A double that is neither NaN nor infinite nor −0, which a table may or may not keep apart from 0; or null. #}
{% macro finite(number) -%}
(case when {{ number }} between -1.7976931348623157e308 and 1.7976931348623157e308 then {{ number }} + 0 end)
{%- endmacro %}

{# The double of a text that is a number; too large gives null or infinity, too small gives 0. #}
{% macro number_of_text(text) -%}{{ return(adapter.dispatch('number_of_text', 'empathy_roi')(text)) }}{%- endmacro %}
{% macro default__number_of_text(text) -%}{{ try_cast(text, type_double()) }}{%- endmacro %}
{# Postgres stops at a double that is too large or too small; its numeric goes further (131,072 digits before the point, 16,383 after). #}
{% macro postgres__number_of_text(text) -%}
{%- set exact = 'cast(' ~ text ~ ' as numeric)' -%}
(case
    when {{ matches(text, '[^eE]{1,200}([eE][+-]?[0-9]{1,2})?') }} then cast({{ text }} as double precision)
    when {{ text }} ~ '^[^eE1-9]*([eE]|$)' or {{ text }} ~ '[eE]-0*[1-9][0-9]{3}' then 0
    when {{ text }} ~ '[eE][+]?0*[1-9][0-9]{3}' then null
    when {{ exact }} between -1.7976931348623157e308 and 1.7976931348623157e308
        then case when abs({{ exact }}) < 2.5e-324 then 0 else cast({{ exact }} as double precision) end
end)
{%- endmacro %}

{# To the nearest whole number, halves away from 0 (Postgres rounds a double's halves to the even one). #}
{% macro rounded(number) -%}{{ return(adapter.dispatch('rounded', 'empathy_roi')(number)) }}{%- endmacro %}
{% macro default__rounded(number) -%}round({{ number }}){%- endmacro %}
{% macro postgres__rounded(number) -%}
(case when abs(({{ number }}) - trunc({{ number }})) = 0.5 then trunc({{ number }}) + sign({{ number }}) else round({{ number }}) end)
{%- endmacro %}
