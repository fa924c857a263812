-- A month as given, in equal parts on its days, so that any range of days can be asked.
SELECT first_day + CAST(place.n AS INTEGER) AS date_day, channel, CAST(impressions / days AS DECIMAL(18,6)) AS impressions
FROM (SELECT CAST(date_trunc('month', date_month) AS DATE) AS first_day, day(last_day(date_month)) AS days, channel, impressions FROM shared.governance__market) AS month
JOIN range(31) AS place(n) ON place.n < month.days
