-- People of all CRM, mail and shop sources in one shape; kept up to date by `trellis add`.
SELECT * FROM (
    -- trellis:sources begin contact
    -- trellis:sources end
)
