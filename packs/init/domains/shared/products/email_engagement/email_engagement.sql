-- Message events of all mail sources in one shape; kept up to date by `trellis add`.
SELECT *, CASE WHEN coalesce(contact_key, recipient) IS NOT NULL THEN mesh_hash63('message:' || concat_ws('|', contact_key, lower(trim(recipient)))) END AS evidence FROM (
    -- trellis:sources begin email_engagement
    -- trellis:sources end
)
