-- Tickets of all help desks in one shape; kept up to date by `trellis add`.
SELECT *, mesh_hash63('contact:' || contact_key) AS evidence FROM (
    -- trellis:sources begin support_ticket
    -- trellis:sources end
)
