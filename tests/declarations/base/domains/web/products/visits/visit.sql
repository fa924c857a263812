SELECT message_id, evidence, occurred_at FROM web.site__page
