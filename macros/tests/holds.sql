{# The expression holds in every row; where it is null, because something has not happened, there is nothing to hold. #}
{% test holds(model, expression) %}
select *
from {{ model }}
where not ({{ expression }})
{% endtest %}
