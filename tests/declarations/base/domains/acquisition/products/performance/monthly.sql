SELECT CAST(date_trunc('month', date_day) AS DATE) AS month, sum(spend) AS spend
FROM acquisition.daily
GROUP BY 1
