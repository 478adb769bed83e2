{#
  The metrics, each defined here and nowhere else. A person's value is the sum of `numerator` over the rows of `source` that
  happen in the window (over that of `denominator`, for a ratio). For each metric:

  kind              share (did it happen to the person), mean (per person), ratio (of two sums over persons), time (until an event)
  source            a model with a person_key; `where` names the rows that count
  happened_us       when a row counts: it must lie at or after the exposure and before the window's end
  numerator_us      when its numerator happened, where that is later: it must lie before the window's end, too
  known_us          until when the row's outcome is open: no day before that one can count it
  numerator_known_us  the same of its numerator, where that is later (a completed step can yet turn out to be where people give up)
  is_of_journey     an experiment with a journey looks at that journey alone
  in_millionths     the numerator is a fraction (seconds, money, scores), summed as whole millionths
#}
{% macro metric_definitions() -%}
{%- set attempts = {'source': 'int_journey_attempts', 'is_of_journey': true} -%}
{%- set messages = {'source': 'int_message_outcomes', 'kind': 'ratio', 'happened_us': 'delivered_us'} -%}
{%- set metrics = {
    'conversion': dict(attempts, kind='share', numerator='1', happened_us='completed_us', where="outcome = 'completed'"),
    'attempt_completion_rate': dict(attempts, kind='ratio',
        numerator="case when outcome = 'completed' then 1 else 0 end", denominator='1',
        happened_us='coalesce(completed_us, ended_us)', known_us='known_us', where="outcome <> 'in_progress'"),
    'completion_time': dict(attempts, kind='ratio', in_millionths=true,
        numerator=elapsed_us('started_us', 'completed_us'), denominator='1',
        happened_us='completed_us', where="outcome = 'completed'"),
    'step_abandonment_rate': {'source': 'int_step_outcomes', 'is_of_journey': true, 'kind': 'ratio',
        'numerator': 'case when is_abandoned then 1 else 0 end', 'denominator': '1',
        'happened_us': 'finished_us', 'numerator_us': 'attempt_ended_us',
        'known_us': 'known_us', 'numerator_known_us': 'attempt_known_us', 'where': 'finished_us is not null'},
    'engagement_rate': dict(messages, numerator='case when engaged_us is not null then 1 else 0 end', denominator='1',
        numerator_us='engaged_us'),
    'message_conversion_rate': dict(messages, numerator='case when converted_us is not null then 1 else 0 end', denominator='1',
        numerator_us='converted_us'),
    'unsubscribe_rate': dict(messages, numerator='case when unsubscribed_us is not null then 1 else 0 end', denominator='1',
        numerator_us='unsubscribed_us'),
    'complaint_rate': dict(messages, numerator='case when complained_us is not null then 1 else 0 end', denominator='1',
        numerator_us='complained_us'),
    'escalation_rate': {'source': 'int_tickets', 'kind': 'ratio',
        'numerator': 'case when handed_over_us is not null then 1 else 0 end', 'denominator': '1',
        'happened_us': 'opened_us', 'numerator_us': 'handed_over_us'},
    'resolution_time': {'source': 'int_tickets', 'kind': 'time', 'happened_us': 'opened_us', 'event_us': 'resolved_us'},
    'csat': {'source': 'int_person_answers', 'kind': 'ratio', 'in_millionths': true,
        'numerator': millionths('score'), 'denominator': '1',
        'happened_us': 'occurred_us', 'where': "survey_type = 'csat'"},
    'revenue': {'source': 'int_person_transactions', 'kind': 'mean', 'in_millionths': true,
        'numerator': "case when transaction_type = 'refund' then -1 else 1 end * coalesce(" ~ millionths('amount') ~ ", 0)",
        'happened_us': 'occurred_us',
        'where': "is_reporting_currency and transaction_type in ('purchase', 'subscription_renewal', 'refund')"},
} -%}
{{ return(metrics) }}
{%- endmacro %}

{# The metrics of some kinds. #}
{% macro metrics_of_kind(kinds) -%}
{%- set chosen = {} -%}
{%- for metric_id, metric in metric_definitions().items() if metric.kind in kinds -%}
    {%- do chosen.update({metric_id: metric}) -%}
{%- endfor -%}
{{ return(chosen) }}
{%- endmacro %}

{# The windows after an exposure, in days; `all` has no end. #}
{% macro metric_windows() -%}{{ return({'7': 7, '30': 30, '90': 90, 'all': none}) }}{%- endmacro %}
