-- People of all CRM, mail and shop sources in one shape; kept up to date by `trellis add`.
SELECT *, mesh_hash63('contact:' || contact_key) AS evidence FROM (
    -- trellis:sources begin contact
    -- trellis:sources end
)
