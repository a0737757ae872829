-- Custom fields are stored as texts: rows from before the reading that makes them so are brought into
-- that form. What has no key is not one.
update "topics" t
   set "user_defined_data_list" = (
         select coalesce(jsonb_agg(jsonb_build_object('Key', item ->> 'Key',
                                                      'Value', coalesce(item ->> 'Value', ''))
                                   order by place), '[]')
           from jsonb_array_elements(t."user_defined_data_list") with ordinality e(item, place)
          where jsonb_typeof(item) = 'object' and item ->> 'Key' is not null)
 where exists (
         select from jsonb_array_elements(t."user_defined_data_list") item
          where jsonb_typeof(item) <> 'object'
             or jsonb_typeof(item -> 'Key') is distinct from 'string'
             or jsonb_typeof(item -> 'Value') is distinct from 'string');
