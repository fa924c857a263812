-- Ads of all ad sources with the tree above them; kept up to date by `trellis add`.
SELECT * FROM (
    -- trellis:sources begin ad
    -- trellis:sources end
)
