SELECT s.date AS date_day, s.account_id, s.spend
FROM acquisition.ads__stats AS s
LEFT JOIN acquisition.ads__history AS h ON s.account_id = h.account_id
