-- Tickets of all help desks in one shape; kept up to date by `trellis add`.
SELECT * FROM (
    -- trellis:sources begin support_ticket
    -- trellis:sources end
)
