SELECT date_day, sum(spend) AS spend
FROM acquisition.daily
GROUP BY date_day
