-- Made-up rows of the vendors' tables, with the columns that the selects of docs/mapping_tools.md read; for test_mapping.py.
create schema zendesk; create schema intercom; create schema braze; create schema iterable; create schema segment; create schema atomic; create schema app;
create table zendesk.ticket (id bigint, created_at timestamp, via_channel varchar, requester_id bigint, _fivetran_deleted boolean);
insert into zendesk.ticket values (1,'2026-03-02 10:00:00','chat',11,false),(2,'2026-03-03 09:00:00','email',12,null),(3,'2026-03-03 09:00:00','email',12,true);
create table zendesk.user (id bigint, role varchar, external_id varchar);
insert into zendesk.user values (11,'end-user','ann'),(12,'end-user',null),(900,'agent',null),(901,'agent',null);
create table zendesk.ticket_comment (id bigint, ticket_id bigint, user_id bigint, created timestamp, public boolean, body varchar);
insert into zendesk.ticket_comment values
 (100,1,11,'2026-03-02 10:00:00',true,'a'),(101,1,900,'2026-03-02 10:00:06',true,'a'),(102,1,11,'2026-03-02 10:01:10',true,'a'),(103,1,900,'2026-03-02 10:01:15',true,'a'),
 (104,1,11,'2026-03-02 10:02:40',true,'a'),(105,1,901,'2026-03-02 10:07:00',true,'a'),(106,1,901,'2026-03-02 10:07:30',false,'note'),
 (107,2,12,'2026-03-03 09:00:00',true,'a'),(108,2,901,'2026-03-03 10:00:00',true,'a'),(109,2,12,'2026-03-04 10:00:00',true,'a'),(110,3,12,'2026-03-03 09:00:00',true,'a');
create table zendesk.ticket_field_history (ticket_id bigint, field_name varchar, updated timestamp, user_id bigint, value varchar);
insert into zendesk.ticket_field_history values
 (1,'status','2026-03-02 10:00:00',11,'new'),(1,'assignee_id','2026-03-02 10:00:05',900,'900'),(1,'assignee_id','2026-03-02 10:03:00',900,'901'),(1,'status','2026-03-02 10:12:00',901,'solved'),(1,'status','2026-03-06 10:12:00',901,'closed'),
 (1,'satisfaction_score','2026-03-02 10:12:01',901,'offered'),(1,'satisfaction_score','2026-03-02 11:12:00',11,'goodwithcomment'),
 (2,'status','2026-03-03 09:00:00',12,'new'),(2,'assignee_id','2026-03-03 09:30:00',901,'901'),(2,'status','2026-03-03 10:00:00',901,'solved'),(2,'status','2026-03-04 10:00:00',12,'open');
create table intercom.conversation_history (id bigint, created_at timestamp, source_type varchar, source_author_type varchar, _fivetran_active boolean, conversation_rating_value bigint, updated_at timestamp);
insert into intercom.conversation_history values (7,'2026-03-02 10:00:00','conversation','user',true,5,'2026-03-02 12:00:00'),(7,'2026-03-02 10:00:00','conversation','user',false,null,'2026-03-02 10:00:00'),(8,'2026-03-02 10:00:00','conversation','admin',true,null,'2026-03-02 10:00:00');
create table intercom.conversation_contact_history (conversation_id bigint, contact_id varchar, _fivetran_active boolean);
insert into intercom.conversation_contact_history values (7,'c1',true),(8,'c1',true);
create table intercom.contact_history (id varchar, email varchar, _fivetran_active boolean);
insert into intercom.contact_history values ('c1','Ann@x.org',true),('c1','old@x.org',false);
create table app.users (user_id varchar, email varchar); insert into app.users values ('ann','ann@x.org');
create table intercom.conversation_part_history (id bigint, conversation_id bigint, part_type varchar, author_type varchar, author_id varchar, assigned_to_type varchar, body varchar, created_at timestamp, _fivetran_active boolean);
insert into intercom.conversation_part_history values
 (1,7,'comment','bot','b1',null,'hi','2026-03-02 10:00:06',true),(2,7,'comment','user','c1',null,'x','2026-03-02 10:01:00',true),(3,7,'comment','bot','b1',null,'hi','2026-03-02 10:01:06',true),
 (4,7,'assignment','bot','b1','team',null,'2026-03-02 10:02:00',true),(5,7,'note','admin','a1',null,'psst','2026-03-02 10:03:00',true),(6,7,'comment','admin','a1',null,'hello','2026-03-02 10:04:00',true),
 (8,7,'close','admin','a1',null,null,'2026-03-02 10:06:00',true),(9,7,'open','user','c1',null,'again','2026-03-02 11:06:00',true),(10,7,'close','admin','a1',null,'ok','2026-03-02 11:16:00',true);
create table braze.email_events (id varchar, happened varchar, user_id varchar, external_user_id varchar, time bigint, dispatch_id varchar, send_id varchar, campaign_id varchar, canvas_id varchar, canvas_step_id varchar, message_variation_id varchar, machine_open varchar);
insert into braze.email_events values
 ('e1','Send','bz1','ann',1772445600,'d1',null,'spring',null,null,'v1',null),('e2','Delivery','bz1','ann',1772445603,'d1',null,'spring',null,null,'v1',null),
 ('e3','Open','bz1','ann',1772445605,'d1',null,'spring',null,null,'v1','true'),('e4','Open','bz1','ann',1772449205,'d1',null,'spring',null,null,'v1',null),
 ('e5','Click','bz1','ann',1772449215,'d1',null,'spring',null,null,'v1',null),('e6','Send','bz2',null,1772445600,'d2',null,null,'cv','cs','v1',null),('e7','SoftBounce','bz2',null,1772445600,'d2',null,null,'cv','cs','v1',null),
 ('e8','Bounce','bz2',null,1772445700,'d2',null,null,'cv','cs','v1',null),('e9','Abort','bz2',null,1772445600,null,null,null,'cv','cs','v1',null),('e10','Unsubscribe','bz1','ann',1772449300,'d1',null,'spring',null,null,'v1',null);
create table iterable.event (_fivetran_id varchar, _fivetran_user_id varchar, message_id varchar, event_name varchar, campaign_id bigint, created_at timestamp);
insert into iterable.event values ('i1','u1','m1','emailSend',55,'2026-03-02 10:00:00'),('i2','u1','m1','emailOpen',55,'2026-03-02 10:10:00'),('i3','u1','m1','emailUnSubscribe',null,'2026-03-02 10:11:00'),
 ('i4','u1','m2','pushSend',56,'2026-03-02 10:00:00'),('i5','u1',null,'customEvent',null,'2026-03-02 10:00:00'),('i6','u1','m3','emailSendSkip',55,'2026-03-02 10:00:00'),('i7','u1','m2','pushBounce',56,'2026-03-02 10:00:01');
create table iterable.user_history (_fivetran_id varchar, user_id varchar, updated_at timestamp); insert into iterable.user_history values ('u1','bob','2026-01-01'),('u1','bob','2026-02-01');
create table segment.pages (id varchar, anonymous_id varchar, user_id varchar, received_at timestamp, timestamp timestamp, uuid_ts timestamp, path varchar);
insert into segment.pages values ('p1','an1',null,'2026-03-02 10:00:01','2026-03-02 10:00:00','2026-03-02 11:00:00','/cart'),('p2','an1',null,'2026-03-02 10:01:01','2026-03-02 10:01:00','2026-03-02 11:00:00','/checkout/delivery'),('p2','an1',null,'2026-03-02 10:01:05','2026-03-02 10:01:00','2026-03-02 12:00:00','/checkout/delivery');
create table segment.tracks (id varchar, anonymous_id varchar, user_id varchar, received_at timestamp, timestamp timestamp, uuid_ts timestamp, event varchar, context_page_path varchar);
insert into segment.tracks values ('t1','an1','ann','2026-03-02 10:03:01','2026-03-02 10:03:00','2026-03-02 11:00:00','order_placed','/checkout');
create table segment.identifies (id varchar, anonymous_id varchar, user_id varchar, received_at timestamp, timestamp timestamp, uuid_ts timestamp, context_page_path varchar, plan varchar, created_at timestamp);
insert into segment.identifies values ('n1','an1','ann','2026-03-02 10:02:01','2026-03-02 10:02:00','2026-03-02 11:00:00','/login','plus',null);
create table segment.experiment_viewed (id varchar, anonymous_id varchar, user_id varchar, received_at timestamp, timestamp timestamp, experiment_id varchar, variation_id varchar);
insert into segment.experiment_viewed values ('x1','an1',null,'2026-03-02 10:00:01','2026-03-02 10:00:00','checkout_short_form','four_fields');
create table atomic.events (event_id varchar, event varchar, event_name varchar, se_action varchar, se_label varchar, derived_tstamp timestamp, collector_tstamp timestamp, load_tstamp timestamp, user_id varchar, domain_userid varchar, page_urlpath varchar, dvce_type varchar);
insert into atomic.events values ('s1','page_view','page_view',null,null,'2026-03-02 10:00:00','2026-03-02 10:00:02','2026-03-02 10:10:00',null,'dom1','/cart','Mobile'),('s2','page_ping','page_ping',null,null,'2026-03-02 10:00:10','2026-03-02 10:00:12','2026-03-02 10:10:00',null,'dom1','/cart','Mobile'),
 ('s3','struct','event','element_clicked','buy',null,'2026-03-02 10:00:20','2026-03-02 10:10:00',null,'dom1','/cart',null);
