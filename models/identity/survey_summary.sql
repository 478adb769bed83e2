-- What people say, in all: per survey, the answers and the score that they add up to.
with counted as (

    select
        survey_type,
        cast(count(*) as bigint) as answers,
        coalesce({{ exact_sum('score') }}, 0) as score_sum,
        {{ count_where("survey_type = 'nps' and score >= 9") }} as promoters,
        {{ count_where("survey_type = 'nps' and score <= 6") }} as detractors,
        {{ count_where("survey_type = 'confidence' and score >= 4") }} as confident
    from {{ ref('fct_survey_responses') }}
    where score is not null
    group by survey_type

)

select
    *,
    case survey_type
        when 'nps' then {{ rate('promoters - detractors', 'answers') }}
        when 'confidence' then {{ rate('confident', 'answers') }}
        when 'relevance' then {{ rate('(score_sum - answers) / 4', 'answers') }}
        else {{ rate('score_sum', 'answers') }}
    end as metric_value
from counted
