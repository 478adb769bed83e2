-- Life outside the experiments: cells of three days from arrival to a few days before exposure, each with at most one thing in it.
create or replace temp table activity as
with cell as (
    select
        person.*,
        unnest(range(0, case
            when lane_no > 0 then greatest(0, (background_until_ms - arrived_ms) // getvariable('cell_ms'))
            else (background_until_ms - arrived_ms + getvariable('cell_ms') - 1) // getvariable('cell_ms')
        end)) as cell_no,
    from person
),
keyed as (
    select *, sub_key(person_key, 'cell', cell_no) as cell_key from cell
)
select
    keyed.* exclude (kind, journey_no, campaign_no, arm_no),
    background_share.kind,
    background_share.journey_no,
    background_share.campaign_no,
    arrived_ms + cell_no * getvariable('cell_ms') + time_of_day(cell_key) as at_ms,
from keyed
join background_share
    on background_share.lane_no = keyed.lane_no and background_share.permille = permille(cell_key, 'kind');
