-- Campaigns of all ad sources; kept up to date by `trellis add`.
SELECT * FROM (
    -- trellis:sources begin campaign
    -- trellis:sources end
)
