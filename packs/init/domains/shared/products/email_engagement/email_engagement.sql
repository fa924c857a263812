-- Message events of all mail sources in one shape; kept up to date by `trellis add`.
SELECT * FROM (
    -- trellis:sources begin email_engagement
    -- trellis:sources end
)
