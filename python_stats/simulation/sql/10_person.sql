-- One row per person of this chunk: the experiment they may enter, their trait, and when they come, sign in and are exposed.
create or replace temp table person as
with numbered as (
    select
        gid // getvariable('persons') as replica,
        gid % getvariable('persons') as number,
        hash(xor(hash('seed ' || (getvariable('seed') + gid // getvariable('persons'))), hash(gid % getvariable('persons')))) as person_key,
    from range(getvariable('first_person'), getvariable('last_person')) as people(gid)
),
placed as (
    select
        numbered.*,
        lane.*,
        variant_share.arm_no,
        case when getvariable('replicas') > 1 then '-r' || lpad(replica::text, 3, '0') else '' end as suffix,
        case when unit(person_key, 'trait') < 0.5 then 0 else 1 end as trait,
        (first_day + floor((last_day - first_day + 1) * unit(person_key, 'exposure day'))::bigint) * 86400000::bigint
        + time_of_day(sub_key(person_key, 'exposure', 0)) as exposed_ms,
    from numbered
    join lane_share on lane_share.permille = permille(person_key, 'lane')
    join lane using (lane_no)
    join variant_share using (lane_no)
    where variant_share.permille = permille(person_key, 'variant')
),
arrived as (
    select
        *,
        case
            when lane_no > 0
                then greatest(0, exposed_ms // 86400000::bigint - 12 - floor(24 * unit(person_key, 'arrival'))::bigint) * 86400000::bigint
            when unit(person_key, 'from the start') < 0.4 then floor(3 * unit(person_key, 'arrival'))::bigint * 86400000::bigint
            else floor((getvariable('days') - 4) * unit(person_key, 'arrival'))::bigint * 86400000::bigint
        end as arrived_ms,
        case when lane_no > 0 then exposed_ms - getvariable('quiet_ms') else getvariable('end_ms') end as background_until_ms,
        unit(person_key, 'known') < known_share as is_known,
        unit(person_key, 'existing') < 0.5 as is_existing,
    from placed
),
known as (
    select
        *,
        arrived_ms + 3600000 + case
            when is_existing then 0
            when lane_no = 0 then 8 * 86400000::bigint * unit(person_key, 'sign-in')
            when kind = 'journey' then (exposed_ms + 2 * 86400000::bigint - arrived_ms) * unit(person_key, 'sign-in')
            else (exposed_ms - 2 * 86400000::bigint - arrived_ms) * unit(person_key, 'sign-in')
        end::bigint as known_from_ms,
    from arrived
)
select
    *,
    'u' || lpad(number::text, 7, '0') || suffix as user_id,
    as_id('a', sub_key(person_key, 'browser', 0)) || suffix as anonymous_id,
    as_id('a', sub_key(person_key, 'browser', 1)) || suffix as second_anonymous_id,
    known_from_ms - case when is_existing then floor(400 * unit(person_key, 'age'))::bigint * 86400000::bigint else 0 end as created_ms,
    case when unit(person_key, 'plan') < 0.5 then 'basic' when unit(person_key, 'plan') < 0.85 then 'plus' else 'family' end as plan,
    case
        when unit(person_key, 'country') < 0.55 then 'DE' when unit(person_key, 'country') < 0.75 then 'AT'
        when unit(person_key, 'country') < 0.9 then 'NL' else 'FR'
    end as country,
    case
        when unit(person_key, 'source') < 0.4 then 'search' when unit(person_key, 'source') < 0.65 then 'social'
        when unit(person_key, 'source') < 0.85 then 'friend' else 'campaign'
    end as acquisition_channel,
from known;
