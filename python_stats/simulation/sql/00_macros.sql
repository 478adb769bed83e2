-- Randomness by hashing: every draw is a function of (seed, who, what for), never of the order of rows or threads.
-- A key is a well-mixed 64-bit number; xor with a purpose and one more round of mixing gives an independent one.
create or replace macro sub_key(parent, purpose, n) as hash(xor(parent, hash(hash(purpose, n::bigint))));
create or replace macro unit(parent, purpose) as
    (hash(xor(parent, hash(purpose))) >> 11)::double * (1.0 / 9007199254740992);
create or replace macro permille(parent, purpose) as floor(1000 * unit(parent, purpose))::integer;

-- Times are milliseconds since the start of the simulation until a row is written.
create or replace macro as_time(ms) as make_timestamp((getvariable('start_us') + (ms) * 1000)::bigint);
create or replace macro as_id(prefix, parent) as prefix || lpad(to_hex(parent), 16, '0');

-- People are awake: a bell-shaped hour between 05:00 and 24:00.
create or replace macro time_of_day(parent) as
    5 * 3600000 + floor(19 * 3600000 * (unit(parent, 'hour a') + unit(parent, 'hour b')) / 2)::bigint;

-- When a row arrives: mostly within seconds, some minutes, hours or days later, never after the data was taken.
create or replace macro received_ms(ms, parent) as least(
    getvariable('end_ms'),
    ms + case
        when unit(parent, 'lag class') < 0.90 then 200 + 3800 * unit(parent, 'lag')
        when unit(parent, 'lag class') < 0.985 then 600000 * unit(parent, 'lag')
        when unit(parent, 'lag class') < 0.998 then 86400000::bigint * unit(parent, 'lag')
        else 86400000::bigint * (1 + 4 * unit(parent, 'lag'))
    end::bigint
);

-- The warehouse loads every quarter of an hour.
create or replace macro loaded_ms(ms) as ((ms) // 900000 + 1) * 900000;

-- When a step of an attempt is entered: its place in the attempt's time, a little jitter (none for the first step, which
-- starts the attempt), and the break, if one came.
create or replace macro entered_ms(started_ms, pace_ms, place, width, jitter, step_order, break_from, break_ms) as
    started_ms + case when step_order > 1 then round(pace_ms * (place + 0.25 * width * jitter))::bigint else 0 end
    + case when step_order >= break_from then break_ms else 0 end;
