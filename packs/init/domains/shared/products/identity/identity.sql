-- Observations; the rows of the port are what identity makes of them by governance/identity.yaml: which customer each set belongs to.
SELECT * FROM shared.identifier_seen
UNION ALL BY NAME
-- Records that are alike are found by identity itself, where `fuzzy` is declared; this makes it look again when a record has changed.
SELECT evidence FROM shared.person_record WHERE false
