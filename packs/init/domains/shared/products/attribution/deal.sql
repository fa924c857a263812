-- Opportunities as conversions look at them, with the identifiers of the contact that they are about.
SELECT mesh_hash63('contact:' || contact_key) AS evidence, * EXCLUDE (contact_key, opportunity_name) FROM shared.opportunity
